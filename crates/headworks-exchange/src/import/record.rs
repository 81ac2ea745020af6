//! A row of any format.

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nothing, or blanks.
    Empty,
    /// Text, as a range of [`Record::text`]; an empty one was quoted.
    Text(usize, usize),
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Number(f64),
    /// An instant, microseconds since 1970-01-01 UTC.
    Time(i64),
    /// A time on a clock on the wall: microseconds since 1970-01-01 of that clock.
    WallTime(i64),
    /// What cannot be a value: why.
    Broken(&'static str),
}

/// A row, made new in the same memory for each.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Line of a text file, row of a sheet or of a Parquet file; from 1.
    pub(crate) line: u64,
    pub(crate) text: String,
    pub(crate) cells: Vec<Cell>,
}

impl Record {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// Adds a text.
    pub(crate) fn push_text(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.cells.push(Cell::Text(start, self.text.len()));
    }

    /// Returns a cell; what the row does not have is empty.
    pub(crate) fn cell(&self, at: usize) -> Cell {
        self.cells.get(at).copied().unwrap_or(Cell::Empty)
    }

    /// Returns the text of a text cell.
    pub(crate) fn text_of(&self, cell: Cell) -> &str {
        match cell {
            Cell::Text(start, end) => &self.text[start..end],
            _ => "",
        }
    }

    /// Returns a cell as people would write it, cut to 100 characters.
    pub(crate) fn shown(&self, at: usize) -> String {
        match self.cell(at) {
            Cell::Empty => String::new(),
            Cell::Text(start, end) => self.text[start..end].chars().take(100).collect(),
            Cell::Bool(value) => value.to_string(),
            Cell::Integer(value) | Cell::Time(value) | Cell::WallTime(value) => value.to_string(),
            Cell::Unsigned(value) => value.to_string(),
            Cell::Number(value) => value.to_string(),
            Cell::Broken(reason) => format!("({reason})"),
        }
    }

    /// Returns whether no cell holds anything.
    pub(crate) fn is_blank(&self) -> bool {
        let blank = |cell: &Cell| match *cell {
            Cell::Empty => true,
            Cell::Text(start, end) => self.text[start..end].trim().is_empty(),
            _ => false,
        };
        self.cells.iter().all(blank)
    }
}
