//! What was changed, and the way back: commits, their undo, and the bin.

use headworks_core::model::ObjectId;
use headworks_store::{CommitStep, CommitSummary, DeletedObject};

use crate::apply::blocking;
use crate::edits::{Applied, Edit, restore, undo};
use crate::error::HubError;
use crate::handle::HubHandle;

/// Days for which deleted objects are shown in the bin.
pub const BIN_DAYS: i64 = 30;

const DAY_US: i64 = 86_400_000_000;

impl HubHandle {
    /// Returns the newest commits before an instant, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`HubError::Store`], [`HubError::Stopping`].
    pub async fn commits(
        &self,
        before_us: i64,
        limit: usize,
    ) -> Result<Vec<CommitSummary>, HubError> {
        let objects = self.shared.objects()?;
        Ok(blocking(move || objects.commits(before_us, limit)).await??)
    }

    /// Returns what the commit of an instant did.
    ///
    /// # Errors
    ///
    /// [`HubError::NoCommit`] when there was none, or nothing of it is kept; else as
    /// [`HubHandle::commits`].
    pub async fn commit(&self, time_us: i64) -> Result<Vec<CommitStep>, HubError> {
        let objects = self.shared.objects()?;
        let steps = blocking(move || objects.steps(time_us)).await??;
        match steps.is_empty() {
            true => Err(HubError::NoCommit { time_us }),
            false => Ok(steps),
        }
    }

    /// Returns the edits that take back what a commit did; applied like all others they are a
    /// commit themselves, which can be taken back again.
    ///
    /// # Errors
    ///
    /// [`HubError::Past`] when a state before the commit is not kept; else as
    /// [`HubHandle::commit`].
    pub async fn undo_edits(&self, time_us: i64) -> Result<Vec<Edit>, HubError> {
        let (steps, plant) = (self.commit(time_us).await?, self.plant());
        blocking(move || undo(&plant, &steps)).await?
    }

    /// Returns the objects that were deleted in the last [`BIN_DAYS`] days, those deleted last
    /// first: at most `limit` after the first `skip`.
    ///
    /// # Errors
    ///
    /// As [`HubHandle::commits`].
    pub async fn bin(&self, skip: usize, limit: usize) -> Result<Vec<DeletedObject>, HubError> {
        let objects = self.shared.objects()?;
        let since_us = self.shared.clock.now_us() - BIN_DAYS * DAY_US;
        Ok(blocking(move || objects.deleted(since_us, skip, limit)).await??)
    }

    /// Brings a deleted object back, and with it what was deleted in the same commit and rests on
    /// it. Tags have their numbers again, and with them their history.
    ///
    /// # Errors
    ///
    /// [`HubError::NotFound`] when there is no such deleted object, [`HubError::Past`] when its
    /// last state is not kept; else as [`HubHandle::apply`].
    pub async fn restore(&self, id: ObjectId, author: &str) -> Result<Vec<Applied>, HubError> {
        let kind = "deleted object";
        let history = self.history(id).await?;
        if self.plant().kind_of(id).is_some() {
            return Err(HubError::NotFound { kind, id });
        }
        let mut states = history.into_iter();
        let last = states.next().ok_or(HubError::NotFound { kind, id })?;
        let object = DeletedObject {
            id,
            kind: last.kind,
            revision: last.revision,
            time_us: last.time_us,
            author: last.author,
            body: states.next().and_then(|state| state.body),
        };
        let steps = self.commit(object.time_us).await?;
        self.apply(restore(&object, &steps)?, author).await
    }
}
