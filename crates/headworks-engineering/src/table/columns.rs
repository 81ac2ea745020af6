//! The columns of a tag table, with the names that other programs give them.

use std::fmt::Write as _;

/// What a column says of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Path,
    Device,
    Name,
    Address,
    Formula,
    DataType,
    Order,
    Length,
    Scale,
    Offset,
    Unit,
    Decimals,
    Min,
    Max,
    Invalid,
    PeriodMs,
    Enabled,
    Writable,
    History,
    MaxStep,
    MaxRatePerS,
    FreezeS,
    ExpectedPeriodMs,
    ByException,
    Asset,
    Description,
}

/// A column of a tag table.
#[derive(Debug)]
pub struct Column {
    pub(crate) field: Field,
    /// Its name in the header.
    pub name: &'static str,
    /// What an empty cell means.
    pub default: &'static str,
    /// What it says, one sentence.
    pub meaning: &'static str,
    /// A cell as it may stand there.
    pub example: &'static str,
    /// Names by which other programs call it.
    pub aliases: &'static [Alias],
}

/// A name of a column in another program.
#[derive(Debug)]
pub struct Alias {
    /// The name.
    pub name: &'static str,
    /// The program whose documentation has it.
    pub source: &'static str,
}

const NEURON: &str = "Neuron";
const THINGSBOARD: &str = "ThingsBoard gateway";
const IOBROKER: &str = "ioBroker";
const KEPWARE: &str = "Kepware";
const FUXA: &str = "FUXA";
const TELEGRAF: &str = "Telegraf";

const fn alias(name: &'static str, source: &'static str) -> Alias {
    Alias { name, source }
}

const fn column(
    field: Field,
    name: &'static str,
    default: &'static str,
    example: &'static str,
    meaning: &'static str,
    aliases: &'static [Alias],
) -> Column {
    Column {
        field,
        name,
        default,
        meaning,
        example,
        aliases,
    }
}

/// The columns in the order of exports.
pub static COLUMNS: [Column; 26] = [
    column(
        Field::Path,
        "path",
        "device and name",
        "plant/energy/meter1/voltage",
        "Full path of the tag. It finds a tag where device and name are not given; beside them it \
         is only for the eye.",
        &[],
    ),
    column(
        Field::Device,
        "device",
        "the device of the path",
        "Meter 1",
        "Name of the device that the tag belongs to.",
        &[alias("deviceName", THINGSBOARD), alias("group", NEURON)],
    ),
    column(
        Field::Name,
        "name",
        "the last segment of the path",
        "voltage",
        "Name of the tag, unique within its device.",
        &[
            alias("Tag Name", KEPWARE),
            alias("tag", THINGSBOARD),
            alias("field", TELEGRAF),
        ],
    ),
    column(
        Field::Address,
        "address",
        "none: it must be given, or a formula",
        "HR100",
        "Where the device keeps it, as its protocol writes addresses.",
        &[alias("_address", IOBROKER)],
    ),
    column(
        Field::Formula,
        "formula",
        "none: it is read",
        "voltage * current / 1000",
        "What it is calculated from, instead of being read; names are tags of the same device.",
        &[],
    ),
    column(
        Field::DataType,
        "data_type",
        "uint16",
        "float32",
        "How the bytes are read: bool, int8, uint8, int8_high, uint8_high, int16, uint16, int32, \
         uint32, int64, uint64, float16, float32, float64, bcd16, bcd32, string.",
        &[
            alias("Data Type", KEPWARE),
            alias("type", NEURON),
            alias("type", THINGSBOARD),
            alias("type", IOBROKER),
            alias("type", FUXA),
        ],
    ),
    column(
        Field::Order,
        "order",
        "the order of the device",
        "CDAB",
        "Order of the bytes: ABCD, CDAB, BADC, DCBA.",
        &[alias("byte_order", TELEGRAF)],
    ),
    column(
        Field::Length,
        "length",
        "none",
        "8",
        "Registers of a string; beside another type it must be the number of its registers.",
        &[alias("len", IOBROKER), alias("objectsCount", THINGSBOARD)],
    ),
    column(
        Field::Scale,
        "scale",
        "1",
        "0.1",
        "Factor of raw * scale + offset.",
        &[
            alias("factor", IOBROKER),
            alias("decimal", NEURON),
            alias("multiplier", THINGSBOARD),
        ],
    ),
    column(
        Field::Offset,
        "offset",
        "0",
        "-40",
        "Summand of raw * scale + offset.",
        &[alias("bias", NEURON)],
    ),
    column(
        Field::Unit,
        "unit",
        "none",
        "kWh",
        "Unit of the scaled value.",
        &[alias("Eng Units", KEPWARE)],
    ),
    column(
        Field::Decimals,
        "decimals",
        "by the value",
        "1",
        "Digits behind the decimal point on screen, 0 to 9.",
        &[alias("precision", NEURON)],
    ),
    column(
        Field::Min,
        "min",
        "none",
        "0",
        "Least plausible value.",
        &[],
    ),
    column(
        Field::Max,
        "max",
        "none",
        "100",
        "Greatest plausible value.",
        &[],
    ),
    column(
        Field::Invalid,
        "invalid",
        "none",
        "32768;65535",
        "Raw integers by which the device says that it has no value, with semicolons between.",
        &[],
    ),
    column(
        Field::PeriodMs,
        "period_ms",
        "the period of the device",
        "5000",
        "Milliseconds between polls.",
        &[alias("Scan Rate", KEPWARE)],
    ),
    column(
        Field::Enabled,
        "enabled",
        "true",
        "false",
        "Whether the tag is polled.",
        &[alias("poll", IOBROKER)],
    ),
    column(
        Field::Writable,
        "writable",
        "false",
        "true",
        "Whether the tag may be written; R/W and RO are understood too.",
        &[alias("Client Access", KEPWARE), alias("attribute", NEURON)],
    ),
    column(
        Field::History,
        "history",
        "true",
        "false",
        "Whether its samples are stored.",
        &[],
    ),
    column(
        Field::MaxStep,
        "max_step",
        "none",
        "5",
        "Greatest plausible difference between two samples.",
        &[],
    ),
    column(
        Field::MaxRatePerS,
        "max_rate_per_s",
        "none",
        "0.5",
        "Greatest plausible change per second.",
        &[],
    ),
    column(
        Field::FreezeS,
        "freeze_s",
        "none",
        "600",
        "Seconds after which a value that does not change counts as frozen.",
        &[],
    ),
    column(
        Field::ExpectedPeriodMs,
        "expected_period_ms",
        "the time between polls",
        "60000",
        "Milliseconds between two samples as the source sends them.",
        &[],
    ),
    column(
        Field::ByException,
        "by_exception",
        "false",
        "true",
        "Whether the source sends a sample only when the value changes.",
        &[],
    ),
    column(
        Field::Asset,
        "asset",
        "none",
        "plant/north",
        "Path of the asset that the tag stands in, instead of its device.",
        &[],
    ),
    column(
        Field::Description,
        "description",
        "none",
        "Supply voltage, phase 1",
        "Free text.",
        &[alias("label", FUXA)],
    ),
];

/// Returns the field that a name in a header stands for.
pub(crate) fn find(name: &str) -> Option<Field> {
    let wanted = plain(name);
    let is_it = |column: &&Column| {
        let mut aliases = column.aliases.iter();
        plain(column.name) == wanted || aliases.any(|alias| plain(alias.name) == wanted)
    };
    COLUMNS.iter().find(is_it).map(|column| column.field)
}

/// Returns the name of a field in a header.
pub(crate) fn name_of(field: Field) -> &'static str {
    COLUMNS[field as usize].name
}

/// Returns whether the cells of a column are numbers.
pub(crate) const fn is_number(field: Field) -> bool {
    matches!(
        field,
        Field::Length
            | Field::Scale
            | Field::Offset
            | Field::Decimals
            | Field::Min
            | Field::Max
            | Field::PeriodMs
            | Field::MaxStep
            | Field::MaxRatePerS
            | Field::FreezeS
            | Field::ExpectedPeriodMs
    )
}

/// Returns a name without what people write differently: case, blanks, lines between words.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|char| char.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// Returns the reference of the columns as a table in Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "| Column | Empty cell | Example | Meaning | Also called |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for column in &COLUMNS {
        let aliases = column.aliases.iter();
        let aliases: Vec<String> = aliases
            .map(|alias| format!("`{}` ({})", alias.name, alias.source))
            .collect();
        // Writing to a string cannot fail.
        let _infallible = writeln!(
            text,
            "| `{}` | {} | `{}` | {} | {} |",
            column.name,
            column.default,
            column.example,
            column.meaning,
            aliases.join(", ")
        );
    }
    text
}
