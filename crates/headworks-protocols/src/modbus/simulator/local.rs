//! A simulated device without a socket, for tests and benchmarks that count requests, not time.

use std::time::Duration;

use super::super::pdu::{AnswerError, Request};
use super::super::table::Span;
use super::plant::{Plant, PlantDevice, PlantError};
use super::unit::Unit;
use crate::modbus::pdu::Answer;

/// A device that is asked by calling it.
#[derive(Debug)]
pub struct LocalDevice {
    unit: Unit,
}

impl LocalDevice {
    /// Returns the device at time 0; another seed, other phases and walks.
    ///
    /// # Errors
    ///
    /// [`PlantError`], which names the place.
    pub fn new(device: PlantDevice, seed: u64) -> Result<LocalDevice, PlantError> {
        let devices = vec![device];
        let plant = Plant { seed, devices };
        plant.check()?;
        let unit = Unit::new(&plant.devices[0], seed);
        Ok(LocalDevice { unit })
    }

    /// Lets the device refuse these addresses besides, with exception 02.
    pub fn forbid(&self, span: Span) {
        self.unit.forbid(span);
    }

    /// Returns the data of the answer at a time since the start, none for a write.
    ///
    /// # Errors
    ///
    /// [`AnswerError::Exception`] with the reason of a refusal.
    pub fn ask(&self, request: &Request, at: Duration) -> Result<Vec<u8>, AnswerError> {
        let mut question = Vec::new();
        request.encode(&mut question);
        let mut answer = Vec::new();
        self.unit.answer(&question, at, &mut answer);
        Ok(match request.decode_answer(&answer)? {
            Answer::Data(data) => data.to_vec(),
            Answer::Done => Vec::new(),
        })
    }
}
