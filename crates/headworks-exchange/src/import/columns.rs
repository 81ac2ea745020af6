//! Which column is which, by the names that this and other programs give them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Path,
    Time,
    /// A date whose time of day stands in another column.
    Date,
    Value,
    Quality,
    /// What is known from the tag: the unit, a number of a row.
    Ignored,
}

/// Names of columns, folded as [`fold`] does.
static NAMES: &[(Role, &[&str])] = &[
    (
        Role::Path,
        &[
            "path",
            "tag",
            "tagname",
            "tagpath",
            "name",
            "point",
            "pointname",
            "pointid",
            "item",
            "itemid",
            "itemname",
            "nodeid",
            "variable",
            "varname",
            "sensor",
            "sensorid",
            "topic",
            "series",
            "metric",
            "signal",
            "channel",
            "register",
            "measurement",
            "field",
            "variablenname",
            "messstelle",
            "datenpunkt",
            "tagnaam",
            "meetpunt",
            "nometag",
            "punto",
            "变量",
            "点名",
            "标签",
            "测点",
        ],
    ),
    (
        Role::Time,
        &[
            "time",
            "timestamp",
            "ts",
            "datetime",
            "timestamputc",
            "timeutc",
            "utc",
            "timeus",
            "timems",
            "times",
            "timens",
            "timestampus",
            "timestampms",
            "timestamps",
            "timestampns",
            "epoch",
            "unixtime",
            "sourcetimestamp",
            "servertimestamp",
            "timestring",
            "tstamp",
            "eventtime",
            "zeit",
            "zeitstempel",
            "datumuhrzeit",
            "datumzeit",
            "tijd",
            "tijdstip",
            "datumtijd",
            "ora",
            "dataora",
            "orario",
            "时间",
            "时间戳",
            "日期时间",
        ],
    ),
    (Role::Date, &["date", "datum", "data", "日期"]),
    (
        Role::Value,
        &[
            "value",
            "val",
            "v",
            "varvalue",
            "vvalue",
            "tagvalue",
            "floatvalue",
            "numericvalue",
            "reading",
            "wert",
            "messwert",
            "waarde",
            "meetwaarde",
            "valore",
            "值",
            "数值",
        ],
    ),
    (
        Role::Quality,
        &[
            "quality",
            "q",
            "qual",
            "opcquality",
            "qualitydetail",
            "qualitycode",
            "status",
            "statuscode",
            "validity",
            "qualität",
            "qualitaet",
            "güte",
            "kwaliteit",
            "qualità",
            "qualita",
            "质量",
        ],
    ),
    (
        Role::Ignored,
        &[
            "unit",
            "units",
            "eu",
            "uom",
            "engunits",
            "einheit",
            "eenheid",
            "unità",
            "unita",
            "单位",
            "index",
            "row",
            "description",
            "comment",
        ],
    ),
];

/// Returns what a column holds by its name.
pub(crate) fn role(name: &str) -> Option<Role> {
    let folded = fold(name);
    // InfluxDB writes `_time` and `_value`; folding has taken the line away.
    let found = NAMES
        .iter()
        .find(|(_, names)| names.contains(&folded.as_str()));
    found.map(|(role, _)| *role)
}

/// Takes case, blanks, signs and what stands in brackets away.
fn fold(name: &str) -> String {
    let plain = name.split(['[', '(', '{']).next().unwrap_or_default();
    let kept = plain
        .chars()
        .filter(|character| character.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// Returns what stands in brackets behind a name: `time [Europe/Berlin]`.
pub(crate) fn bracketed(name: &str) -> Option<&str> {
    let (_, rest) = name.split_once(['[', '('])?;
    let inner = rest.trim_end().strip_suffix([']', ')'])?;
    Some(inner.trim()).filter(|inner| !inner.is_empty())
}

/// Returns the unit of a name such as `time_ms` or `Timestamp (ns)`.
pub(crate) fn epoch_of(name: &str) -> Option<super::options::TimeFormat> {
    use super::options::TimeFormat;
    let lower = name.trim().to_lowercase();
    let lower = lower.trim_end_matches([')', ']']);
    let units = [
        ("us", TimeFormat::EpochUs),
        ("µs", TimeFormat::EpochUs),
        ("ms", TimeFormat::EpochMs),
        ("ns", TimeFormat::EpochNs),
        ("s", TimeFormat::EpochS),
    ];
    units.into_iter().find_map(|(unit, format)| {
        let rest = lower.strip_suffix(unit)?;
        rest.ends_with(['_', ' ', '(', '[']).then_some(format)
    })
}

/// Returns whether numbers of a quality column are those of OPC Classic by its name.
pub(crate) fn is_classic_quality(name: &str) -> bool {
    matches!(fold(name).as_str(), "opcquality" | "qualitydetail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_programs_are_known() {
        for (name, want) in [
            ("path", Some(Role::Path)),
            ("TagName", Some(Role::Path)),
            ("Tag Name", Some(Role::Path)),
            ("VarName", Some(Role::Path)),
            ("_time", Some(Role::Time)),
            ("DateTime", Some(Role::Time)),
            ("TimeString", Some(Role::Time)),
            ("time [Europe/Berlin]", Some(Role::Time)),
            ("Timestamp (UTC)", Some(Role::Time)),
            ("Datum/Uhrzeit", Some(Role::Time)),
            ("Datum", Some(Role::Date)),
            ("_value", Some(Role::Value)),
            ("vValue", Some(Role::Value)),
            ("OPCQuality", Some(Role::Quality)),
            ("Status Code", Some(Role::Quality)),
            ("Einheit", Some(Role::Ignored)),
            ("时间", Some(Role::Time)),
            ("plant/boiler/temperature", None),
            ("", None),
        ] {
            assert_eq!(role(name), want, "{name}");
        }
    }

    #[test]
    fn zones_and_units_stand_behind_the_name() {
        use super::super::options::TimeFormat;
        assert_eq!(bracketed("time [Europe/Berlin]"), Some("Europe/Berlin"));
        assert_eq!(bracketed("Time (UTC)"), Some("UTC"));
        assert_eq!(bracketed("time"), None);
        assert_eq!(epoch_of("time_us"), Some(TimeFormat::EpochUs));
        assert_eq!(epoch_of("Timestamp (ns)"), Some(TimeFormat::EpochNs));
        assert_eq!(epoch_of("ts_s"), Some(TimeFormat::EpochS));
        assert_eq!(epoch_of("times"), None);
    }
}
