//! Characters become numbers, texts, words and signs.

use std::sync::Arc;

use super::error::ExprError;
use super::{SOURCE_BYTES_MAX, TEXT_BYTES_MAX};

/// A word or sign of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(Arc<str>),
    /// Microseconds.
    Duration(i64),
    Name(Box<str>),
    /// An operator, a bracket or a keyword.
    Sign(&'static str),
    End,
}

/// A token and the character at which it begins, from 1.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) column: u32,
}

/// Longest first, so that `**` is not taken for two `*`.
static SIGNS: &[&str] = &[
    "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "(", ")", ",", "|",
    "&", "^", "~", "<", ">",
];

static KEYWORDS: &[&str] = &["and", "or", "not", "if", "else"];

/// Signs of other languages, with what they are here.
static FOREIGN_SIGNS: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("<>", "write `!=`"),
    ("!", "write `not`"),
    (
        "=",
        "compare with `==`; an expression has a value and assigns nothing",
    ),
    ("?", "write `a if condition else b`"),
    ("[", "there are no lists; give the values as arguments"),
    ("{", "there are no sets and objects; use ( and )"),
    (";", "write one expression"),
    ("#", "comments belong into the description"),
];

/// Units of durations in microseconds, longest first.
pub(super) static UNITS: &[(&str, i64)] = &[
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
];

/// The longest duration: a leap year.
const DURATION_US_MAX: i64 = 366 * 86_400_000_000;

/// Returns the tokens of a text, ended by [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>, ExprError> {
    if SOURCE_BYTES_MAX < text.len() {
        let message = format!(
            "the expression has {} bytes, at most {SOURCE_BYTES_MAX} are allowed",
            text.len()
        );
        return Err(ExprError::new(1, message).hint("split it into several calculated tags"));
    }
    let mut lexer = Lexer {
        rest: text,
        column: 1,
    };
    let mut lexemes = Vec::new();
    loop {
        let lexeme = lexer.next()?;
        let end = lexeme.token == Token::End;
        lexemes.push(lexeme);
        if end {
            return Ok(lexemes);
        }
    }
}

/// Returns how many characters the part of a text has that begins at a column, so that a mistake
/// can be marked: a word, number, text or sign; 0 at the end, 1 where there is none.
pub fn part_length(text: &str, column: u32) -> u32 {
    let mut lexer = Lexer {
        rest: text,
        column: 1,
    };
    loop {
        match lexer.next() {
            Ok(lexeme) if lexeme.token == Token::End => return 0,
            Ok(_) if lexer.column <= column => {}
            Ok(lexeme) if column < lexeme.column => return 1,
            Ok(_) | Err(_) => return lexer.column.saturating_sub(column).max(1),
        }
    }
}

/// Returns the tokens of a text with the bytes at which each begins and ends; none when it has what
/// is no token.
pub(super) fn pieces(text: &str) -> Option<Vec<(Token, usize, usize)>> {
    if SOURCE_BYTES_MAX < text.len() {
        return None;
    }
    let mut lexer = Lexer {
        rest: text,
        column: 1,
    };
    let mut pieces = Vec::new();
    loop {
        lexer.take_while(char::is_whitespace);
        let start = text.len() - lexer.rest.len();
        let token = lexer.next().ok()?.token;
        if token == Token::End {
            return Some(pieces);
        }
        pieces.push((token, start, text.len() - lexer.rest.len()));
    }
}

struct Lexer<'t> {
    rest: &'t str,
    column: u32,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Result<Lexeme, ExprError> {
        self.take_while(char::is_whitespace);
        let column = self.column;
        let mut characters = self.rest.chars();
        let second_is_digit = |second: Option<char>| second.is_some_and(|c| c.is_ascii_digit());
        let token = match characters.next() {
            None => Token::End,
            Some('0'..='9') => self.number()?,
            Some('.') if second_is_digit(characters.next()) => self.number()?,
            Some(quote @ ('"' | '\'')) => self.text(quote)?,
            Some(c) if is_word_start(c) => self.word(),
            Some(c) => self.sign(c)?,
        };
        Ok(Lexeme { token, column })
    }

    /// Takes a number of bytes, which end at a character.
    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        let characters = u32::try_from(taken.chars().count()).unwrap_or(u32::MAX);
        self.column = self.column.saturating_add(characters);
        taken
    }

    fn take_while(&mut self, wanted: fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn word(&mut self) -> Token {
        let word = self.take_while(|c| is_word_start(c) || c.is_numeric());
        if let Some(keyword) = KEYWORDS.iter().find(|keyword| **keyword == word) {
            return Token::Sign(keyword);
        }
        match word {
            "true" | "True" => Token::Bool(true),
            "false" | "False" => Token::Bool(false),
            word => Token::Name(word.into()),
        }
    }

    fn sign(&mut self, first: char) -> Result<Token, ExprError> {
        let column = self.column;
        let foreign = |(sign, _): &&(&str, &str)| self.rest.starts_with(sign);
        let own = SIGNS.iter().find(|sign| self.rest.starts_with(**sign));
        let foreign = FOREIGN_SIGNS.iter().find(foreign);
        match (own, foreign) {
            (Some(own), None) => {
                self.take(own.len());
                Ok(Token::Sign(own))
            }
            (Some(own), Some((sign, _))) if sign.len() < own.len() => {
                self.take(own.len());
                Ok(Token::Sign(own))
            }
            (_, Some((sign, hint))) => {
                Err(ExprError::new(column, format!("`{sign}` has no meaning here")).hint(*hint))
            }
            (None, None) => {
                let message = format!("{first:?} has no meaning in an expression");
                Err(ExprError::new(column, message))
            }
        }
    }

    fn number(&mut self) -> Result<Token, ExprError> {
        let column = self.column;
        for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] {
            let head = self.rest.get(..2).unwrap_or_default();
            if head.eq_ignore_ascii_case(prefix) {
                self.take(2);
                let digits = self.take_while(|c| c.is_alphanumeric() || c == '_');
                return integer(digits, radix, column);
            }
        }
        let digits = self.rest.get(..self.decimal_bytes()).unwrap_or_default();
        let digits = self.take(digits.len());
        let unit = self.take_while(|c| is_word_start(c) || c.is_numeric());
        if !unit.is_empty() {
            return duration(digits, unit, column);
        }
        if digits.contains(['.', 'e', 'E']) {
            return float(digits, column).map(Token::Float);
        }
        integer(digits, 10, column)
    }

    /// Returns the bytes of a decimal number with its fraction and exponent.
    fn decimal_bytes(&self) -> usize {
        let bytes = self.rest.as_bytes();
        let digits_from = |from: usize| {
            let is_digit = |byte: &&u8| byte.is_ascii_digit() || **byte == b'_';
            from + bytes[from..].iter().take_while(is_digit).count()
        };
        let mut end = digits_from(0);
        if bytes.get(end) == Some(&b'.') {
            end = digits_from(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                end = digits_from(end + 1 + sign);
            }
        }
        end
    }

    fn text(&mut self, quote: char) -> Result<Token, ExprError> {
        let column = self.column;
        self.take(1);
        let mut text = String::new();
        loop {
            if TEXT_BYTES_MAX < text.len() {
                let message = format!("the text has more than {TEXT_BYTES_MAX} bytes");
                return Err(ExprError::new(column, message));
            }
            match self.rest.chars().next() {
                None | Some('\n') => {
                    let message = format!("the text has no end: {quote} is missing");
                    return Err(ExprError::new(column, message));
                }
                Some('\\') => text.push(self.escaped()?),
                Some(c) => {
                    self.take(c.len_utf8());
                    if c == quote {
                        return Ok(Token::Text(text.into()));
                    }
                    text.push(c);
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<char, ExprError> {
        let column = self.column;
        self.take(1);
        let Some(c) = self.rest.chars().next() else {
            return Err(ExprError::new(column, "the text ends within `\\`"));
        };
        self.take(c.len_utf8());
        match c {
            '\\' | '"' | '\'' => Ok(c),
            'n' => Ok('\n'),
            't' => Ok('\t'),
            'r' => Ok('\r'),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'u' => self.code_point(column),
            c => Err(ExprError::new(column, format!("`\\{c}` has no meaning"))
                .hint("a backslash itself is written `\\\\`")),
        }
    }

    fn code_point(&mut self, column: u32) -> Result<char, ExprError> {
        let digits = self.rest.get(..4).unwrap_or_default();
        let code = u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32);
        let Some(c) = code.filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) else {
            let message = "`\\u` takes four hexadecimal digits of a character";
            return Err(ExprError::new(column, message));
        };
        self.take(4);
        Ok(c)
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Takes the `_` between digits away; nothing where they stand elsewhere.
fn plain_digits(digits: &str) -> Option<String> {
    let split: Vec<&str> = digits.split('_').collect();
    let well = split.len() == 1
        || split
            .iter()
            .all(|part| part.chars().all(|c| c.is_ascii_hexdigit()) && !part.is_empty());
    well.then(|| split.concat())
}

fn integer(digits: &str, radix: u32, column: u32) -> Result<Token, ExprError> {
    let wrong = || ExprError::new(column, format!("{digits:?} are no digits of a number"));
    let plain = plain_digits(digits).ok_or_else(wrong)?;
    if radix == 10 && 1 < plain.len() && plain.starts_with('0') && plain.contains(|c| c != '0') {
        return Err(ExprError::new(column, "a number does not begin with 0")
            .hint("octal numbers are written 0o17"));
    }
    match i64::from_str_radix(&plain, radix) {
        Ok(value) if !plain.starts_with(['+', '-']) => Ok(Token::Int(value)),
        Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => {
            let message = format!("the integer is larger than {}", i64::MAX);
            Err(ExprError::new(column, message).hint("write it with a decimal point, as a float"))
        }
        _ => Err(wrong()),
    }
}

fn float(digits: &str, column: u32) -> Result<f64, ExprError> {
    let value = plain_digits(&digits.replace(['.', 'e', 'E', '+', '-'], "0"))
        .and_then(|_| digits.replace('_', "").parse::<f64>().ok());
    match value {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(ExprError::new(
            column,
            "the number is too large for a float",
        )),
        None => Err(ExprError::new(column, format!("{digits:?} is no number"))),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be at most a year"
)]
fn duration(digits: &str, unit: &str, column: u32) -> Result<Token, ExprError> {
    let Some((_, unit_us)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let message = format!("a number followed by {:?}", short(unit));
        return Err(ExprError::new(column, message)
            .hint("a duration ends with ms, s, m, h or d, as in 10m; names begin with a letter"));
    };
    let duration_us = float(digits, column)? * super::arithmetic::to_float(*unit_us);
    let rounded_us = (duration_us / 1e3).round() * 1e3;
    if rounded_us < 1e3 || super::arithmetic::to_float(DURATION_US_MAX) < rounded_us {
        return Err(ExprError::new(
            column,
            "a duration is between 1ms and 366d long",
        ));
    }
    Ok(Token::Duration(rounded_us as i64))
}

/// Returns the beginning of a text for a message.
pub(super) fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
