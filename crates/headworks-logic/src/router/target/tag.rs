//! Writes tags. While a write is under way only the newest value waits for the next.

use std::sync::Arc;

use headworks_core::model::TagTarget;
use headworks_core::{DataType, Scaling, TagIndex, Value};
use headworks_hub::{HubError, TagEntry, Writer};

use super::super::Shared;
use super::super::delivery::Delivery;
use super::{Delivering, Failure, QueueRule, Target};

/// A tag that routes write.
pub(super) struct TagWriter {
    target: TagTarget,
}

impl TagWriter {
    pub(super) fn new(target: TagTarget) -> TagWriter {
        TagWriter { target }
    }

    async fn write(&self, shared: &Shared, delivery: &Delivery) -> Result<(), Failure> {
        let Some(value) = delivery.parcel.value.clone() else {
            return Err(Failure::lasting("there is no value to write"));
        };
        let plant = shared.hub.plant();
        let tag = plant.tag(self.target.tag);
        let tag = tag.ok_or_else(|| Failure::lasting("the tag does not exist any more"))?;
        let index = tag.index();
        check_right(shared, tag, delivery).await?;
        note(shared, tag, &value, delivery);
        let route = Writer::Route(&delivery.route.name);
        let written = shared.hub.write_as(route, self.target.tag, value.clone());
        match written.await {
            Ok(written) => {
                if let Some(read_back) = written.read_back {
                    let now_us = shared.hub.clock().now_us();
                    let mut state = shared.state.lock();
                    let echoes = state.engine.echoes();
                    echoes.note_read_back(index, &value, read_back, now_us);
                }
                Ok(())
            }
            Err(error) => Err(refused(shared, index, &value, &error)),
        }
    }
}

impl Target for TagWriter {
    fn queue(&self) -> QueueRule {
        QueueRule::Newest
    }

    /// A value that could not be written may be wrong by the time of another try.
    fn tries(&self) -> u32 {
        1
    }

    fn deliver<'a>(&'a self, shared: &'a Arc<Shared>, delivery: &'a Delivery) -> Delivering<'a> {
        Box::pin(self.write(shared, delivery))
    }
}

/// Sees to it that a route writes nothing that its author may not write at this moment.
async fn check_right(shared: &Shared, tag: &TagEntry, delivery: &Delivery) -> Result<(), Failure> {
    let author = shared.authors.of(&shared.hub, delivery.id).await;
    let author = author.map_err(Failure::lasting)?;
    if shared.authority.may_write(&author, tag.path()) {
        return Ok(());
    }
    shared.hub.count_forbidden_write();
    Err(Failure::lasting(format!(
        "{author}, who saved the route last, may not write {} any more; somebody who may has to \
         save the route again",
        tag.path()
    )))
}

/// Lets the engine know the write before its sample can come back.
fn note(shared: &Shared, tag: &TagEntry, value: &Value, delivery: &Delivery) {
    let now_us = shared.hub.clock().now_us();
    let tolerance = half_a_step(tag.data_type(), tag.scaling());
    let chain = delivery.chain.clone();
    let mut state = shared.state.lock();
    let echoes = state.engine.echoes();
    echoes.note(tag.index(), value.clone(), tolerance, chain, now_us);
}

/// Returns what an error means; a write that was not made leaves no echo.
fn refused(shared: &Shared, tag: TagIndex, value: &Value, error: &HubError) -> Failure {
    if !matches!(error, HubError::Write { .. }) {
        shared.state.lock().engine.echoes().forget(tag, value);
    }
    Failure::lasting(error.to_string())
}

/// Returns half of what one step of the raw value is worth: what is read back may be that far from
/// what was written.
fn half_a_step(data_type: DataType, scaling: Scaling) -> f64 {
    if matches!(
        data_type,
        DataType::Bool
            | DataType::String
            | DataType::Float16
            | DataType::Float32
            | DataType::Float64
    ) {
        return 0.0;
    }
    let at = |raw: i64| {
        scaling
            .apply(Value::I64(raw))
            .ok()
            .and_then(|value| value.as_f64())
    };
    let step = at(1)
        .zip(at(0))
        .map_or(0.0, |(one, none)| (one - none).abs());
    step / 2.0 * 1.000_001 // the half itself may be rounded either way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_an_integer_is_what_its_scale_says() {
        let tenth = Scaling::new(0.1, 5.0).unwrap();
        assert!((half_a_step(DataType::Int16, tenth) - 0.05).abs() < 1e-6);
        assert_eq!(half_a_step(DataType::Float32, tenth), 0.0);
    }
}
