//! Entries as lines of CSV.

use headworks_core::cell::{Guard, write_text};

use super::entry::Recorded;

/// The first line of a file.
pub const CSV_HEADER: &str = "seq,time,time_us,actor_kind,actor,actor_id,address,action,\
    target_kind,target,outcome,problem,request_id,before,after,detail,hash\r\n";

/// Adds an entry as a line; texts that a spreadsheet would take for formulas get an apostrophe.
pub fn write_csv(out: &mut Vec<u8>, row: &Recorded) {
    let entry = &row.entry;
    let time_us = entry.time_us;
    let time = jiff::Timestamp::from_microsecond(time_us).ok();
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    // Numbers made here are no formulas, also below zero.
    out.extend_from_slice(format!("{},", row.seq).as_bytes());
    let time = time.map(|time| time.to_string()).unwrap_or_default();
    out.extend_from_slice(format!("{time},{time_us}").as_bytes());
    for text in [
        Some(entry.actor.kind.name().to_owned()),
        Some(entry.actor.name.clone()),
        entry.actor.id.map(|id| id.to_string()),
        Some(entry.address.clone()),
        Some(entry.action.clone()),
        Some(entry.target.kind.clone()),
        Some(entry.target.id.clone()),
        Some(entry.outcome.name().to_owned()),
        entry.problem.clone(),
        Some(entry.request_id.clone()),
        json(&entry.before),
        json(&entry.after),
        entry.detail.clone(),
        Some(row.hash.to_string()),
    ] {
        out.push(b',');
        if let Some(text) = text {
            write_text(out, &text, b',', Guard::On);
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Actor, Entry, RowHash, Target};

    #[test]
    fn a_line_has_every_column_and_no_formula() {
        let row = Recorded {
            seq: 3,
            hash: RowHash([0xab; 32]),
            entry: Entry {
                target: Target::new("tag", "@plant/\"a\",b"),
                before: Some((-2).into()),
                after: Some(serde_json::json!({ "a": [1, "=2"] })),
                detail: Some("\tline\r\n=1+1".to_owned()),
                ..Entry::new(-1_000_000, Actor::nobody("=HYPERLINK(1)"), "+sign_in")
            },
        };
        let mut out = Vec::new();
        write_csv(&mut out, &row);
        let line = String::from_utf8(out).unwrap();
        let hash = "ab".repeat(32);
        let want = format!(
            "3,1969-12-31T23:59:59Z,-1000000,nobody,'=HYPERLINK(1),,\"\",'+sign_in,tag,\
            \"'@plant/\"\"a\"\",b\",done,,\"\",'-2,\"{{\"\"a\"\":[1,\"\"=2\"\"]}}\",\
            \"'\tline\r\n=1+1\",{hash}\r\n"
        );
        assert_eq!(line, want);
        let columns = CSV_HEADER.split(',').count();
        assert_eq!(columns, 17);
    }
}
