//! Rows of objects, read and written many at once.

use std::collections::HashMap;

use headworks_core::TagIndex;
use headworks_core::model::{Kind, ObjectId};
use tokio_postgres::{Client, Row, Transaction};
use uuid::Uuid;

use super::super::database::Failure;
use crate::error::{PostgresFault, StoreError};
use crate::objects::{Action, Contents, HISTORY_MAX, HistoryEntry, Journal, Mark, StoredObject};

/// Rows sent at once, so that a message stays small.
const ROWS: usize = 5_000;

/// Returns everything there is.
pub(super) async fn load(client: &Client) -> Result<Contents, Failure> {
    let sql = "SELECT id, kind, revision, updated_us, body, tag FROM headworks.objects";
    let objects = client.query(sql, &[]).await?;
    let sql = "SELECT id, revision, time_us, author, action, body, kind
        FROM headworks.object_history";
    let history = client.query(sql, &[]).await?;
    let sql = "SELECT tag, id FROM headworks.object_tags";
    let tags = client.query(sql, &[]).await?;
    Ok(Contents {
        objects: objects.iter().map(read_object).collect::<Result<_, _>>()?,
        history: history.iter().map(read_entry).collect::<Result<_, _>>()?,
        tags: tags
            .iter()
            .map(|row| Ok((read_tag(row.get(0))?, ObjectId(row.get(1)))))
            .collect::<Result<_, Failure>>()?,
    })
}

/// Puts everything there is in the place of what the database has.
pub(super) async fn replace(
    client: &mut Client,
    contents: &Contents,
    mark: Mark,
) -> Result<(), Failure> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(
            "DELETE FROM headworks.objects; DELETE FROM headworks.object_history;
             DELETE FROM headworks.object_tags;",
        )
        .await?;
    let objects: Vec<&StoredObject> = contents.objects.iter().collect();
    put(&transaction, &objects).await?;
    for chunk in contents.history.chunks(ROWS) {
        note(&transaction, chunk).await?;
    }
    add_tags(&transaction, &contents.tags).await?;
    transaction
        .execute(
            "INSERT INTO headworks.object_state (plant, state) VALUES ($1, $2)
             ON CONFLICT (only_row) DO UPDATE SET plant = excluded.plant, state = excluded.state",
            &[&mark.plant, &mark.state],
        )
        .await?;
    Ok(transaction.commit().await?)
}

/// Adds numbers given to tags.
pub(super) async fn add_tags(
    transaction: &Transaction<'_>,
    tags: &[(TagIndex, ObjectId)],
) -> Result<(), Failure> {
    for chunk in tags.chunks(ROWS) {
        let numbers: Vec<i64> = chunk.iter().map(|(tag, _)| i64::from(tag.0)).collect();
        let ids: Vec<Uuid> = chunk.iter().map(|(_, id)| id.0).collect();
        transaction
            .execute(
                "INSERT INTO headworks.object_tags (tag, id)
                 SELECT * FROM unnest($1::int8[], $2::uuid[])",
                &[&numbers, &ids],
            )
            .await?;
    }
    Ok(())
}

/// Stores what a commit does, if the state before it is there; returns whether it was.
pub(super) async fn commit(
    client: &mut Client,
    journal: &Journal<'_>,
    before: Mark,
    after: Mark,
) -> Result<bool, Failure> {
    let transaction = client.transaction().await?;
    let found = transaction
        .execute(
            "UPDATE headworks.object_state SET state = $3 WHERE plant = $1 AND state = $2",
            &[&before.plant, &before.state, &after.state],
        )
        .await?;
    if found != 1 {
        return Ok(false);
    }
    // of several steps of an object the last one counts
    let last: HashMap<ObjectId, (Action, &StoredObject)> = journal
        .steps
        .iter()
        .map(|(action, object)| (object.id, (*action, object)))
        .collect();
    let gone = |(action, _): &&(Action, &StoredObject)| *action == Action::Deleted;
    let gone: Vec<Uuid> = last.values().filter(gone).map(|(_, it)| it.id.0).collect();
    transaction
        .execute("DELETE FROM headworks.objects WHERE id = ANY($1)", &[&gone])
        .await?;
    let live = last
        .values()
        .filter(|(action, _)| *action != Action::Deleted);
    put(
        &transaction,
        &live.map(|(_, object)| *object).collect::<Vec<_>>(),
    )
    .await?;
    add_tags(&transaction, &journal.tags).await?;
    for chunk in journal.steps.chunks(ROWS) {
        let entry = |(action, object): &(Action, StoredObject)| {
            (object.id, HistoryEntry::of(*action, object, journal.author))
        };
        note(&transaction, &chunk.iter().map(entry).collect::<Vec<_>>()).await?;
    }
    forget(&transaction, last.values().map(|(_, object)| *object)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Writes live objects.
async fn put(transaction: &Transaction<'_>, objects: &[&StoredObject]) -> Result<(), Failure> {
    for chunk in objects.chunks(ROWS) {
        let ids: Vec<Uuid> = chunk.iter().map(|object| object.id.0).collect();
        let kinds: Vec<&str> = chunk.iter().map(|object| object.kind.name()).collect();
        let revisions: Vec<i64> = chunk.iter().map(|object| stored(object.revision)).collect();
        let updated: Vec<i64> = chunk.iter().map(|object| object.updated_us).collect();
        let bodies: Vec<&str> = chunk.iter().map(|object| object.body.as_str()).collect();
        let tags: Vec<Option<i64>> = chunk
            .iter()
            .map(|object| object.tag.map(|tag| i64::from(tag.0)))
            .collect();
        transaction
            .execute(
                "INSERT INTO headworks.objects (id, kind, revision, updated_us, body, tag)
                 SELECT * FROM unnest($1::uuid[], $2::text[], $3::int8[], $4::int8[], $5::text[],
                     $6::int8[])
                 ON CONFLICT (id) DO UPDATE SET kind = excluded.kind,
                     revision = excluded.revision, updated_us = excluded.updated_us,
                     body = excluded.body, tag = excluded.tag",
                &[&ids, &kinds, &revisions, &updated, &bodies, &tags],
            )
            .await?;
    }
    Ok(())
}

/// Writes revisions to the history.
async fn note(
    transaction: &Transaction<'_>,
    entries: &[(ObjectId, HistoryEntry)],
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = entries.iter().map(|(id, _)| id.0).collect();
    let revisions: Vec<i64> = entries.iter().map(|(_, it)| stored(it.revision)).collect();
    let times: Vec<i64> = entries.iter().map(|(_, it)| it.time_us).collect();
    let authors: Vec<&str> = entries.iter().map(|(_, it)| it.author.as_str()).collect();
    let actions: Vec<i64> = entries.iter().map(|(_, it)| it.action as i64).collect();
    let bodies: Vec<Option<&str>> = entries.iter().map(|(_, it)| it.body.as_deref()).collect();
    let kinds: Vec<Option<&str>> = entries
        .iter()
        .map(|(_, it)| it.kind.map(Kind::name))
        .collect();
    transaction
        .execute(
            "INSERT INTO headworks.object_history
                 (id, revision, time_us, author, action, body, kind)
             SELECT * FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::int8[],
                 $6::text[], $7::text[])",
            &[
                &ids, &revisions, &times, &authors, &actions, &bodies, &kinds,
            ],
        )
        .await?;
    Ok(())
}

/// Drops the revisions that are too many.
async fn forget(
    transaction: &Transaction<'_>,
    objects: impl Iterator<Item = &StoredObject>,
) -> Result<(), Failure> {
    let (mut ids, mut oldest) = (Vec::new(), Vec::new());
    for object in objects.filter(|object| HISTORY_MAX < object.revision) {
        ids.push(object.id.0);
        oldest.push(stored(object.revision - HISTORY_MAX));
    }
    if ids.is_empty() {
        return Ok(());
    }
    transaction
        .execute(
            "DELETE FROM headworks.object_history h
             USING unnest($1::uuid[], $2::int8[]) AS old (id, revision)
             WHERE h.id = old.id AND h.revision <= old.revision",
            &[&ids, &oldest],
        )
        .await?;
    Ok(())
}

fn read_object(row: &Row) -> Result<StoredObject, Failure> {
    let kind = read_kind(row.get(1))?;
    let tag: Option<i64> = row.get(5);
    Ok(StoredObject {
        id: ObjectId(row.get(0)),
        kind,
        revision: count(row.get(2))?,
        updated_us: row.get(3),
        body: row.get(4),
        tag: tag.map(read_tag).transpose()?,
    })
}

fn read_entry(row: &Row) -> Result<(ObjectId, HistoryEntry), Failure> {
    let action: i64 = row.get(4);
    let entry = HistoryEntry {
        revision: count(row.get(1))?,
        time_us: row.get(2),
        author: row.get(3),
        action: Action::of_code(action).ok_or_else(|| unknown(format!("action {action}")))?,
        body: row.get(5),
        kind: row.get::<_, Option<&str>>(6).map(read_kind).transpose()?,
    };
    Ok((ObjectId(row.get(0)), entry))
}

fn read_kind(name: &str) -> Result<Kind, Failure> {
    name.parse()
        .map_err(|_| unknown(format!("kind {name:?} of an object")))
}

fn read_tag(number: i64) -> Result<TagIndex, Failure> {
    let number = u32::try_from(number).map_err(|_| unknown(format!("tag number {number}")))?;
    Ok(TagIndex(number))
}

fn count(number: i64) -> Result<u64, Failure> {
    u64::try_from(number).map_err(|_| unknown(format!("revision {number}")))
}

fn stored(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

fn unknown(what: String) -> Failure {
    Failure::Store(StoreError::Postgres {
        server: "the database".into(),
        reason: format!("{what} cannot be used; somebody has changed the tables by hand"),
        fault: PostgresFault::Setup,
    })
}
