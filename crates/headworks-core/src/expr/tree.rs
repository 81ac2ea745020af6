//! The tree of an expression: flat, of bounded size and height, and printable.

use std::fmt::Write as _;
use std::sync::Arc;

use super::error::ExprError;
use super::lexer::UNITS;
use super::{DEPTH_MAX, NODES_MAX};
use crate::path::TagPath;

/// The place of a node in its tree.
pub(super) type Id = usize;

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinaryOp {
    Xor,
    And,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CompareOp {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

/// An operator before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnaryOp {
    Negate,
    Plus,
    Invert,
    Not,
}

/// `and` or `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogicOp {
    And,
    Or,
}

/// An operator with its right side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link<Op> {
    pub(super) operator: Op,
    pub(super) column: u32,
    pub(super) right: Id,
}

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(Arc<str>),
    Duration(i64),
    Tag(TagPath),
    Name(Box<str>),
    Unary(UnaryOp, Id),
    /// Operators of one level, from left to right.
    Chain(Id, Vec<Link<BinaryOp>>),
    Compare(Id, Vec<Link<CompareOp>>),
    Logic(LogicOp, Vec<Id>),
    Choice {
        then: Id,
        condition: Id,
        otherwise: Id,
    },
    Call {
        name: Box<str>,
        arguments: Vec<Id>,
        /// Whether the first argument stands before a `|`.
        piped: bool,
    },
}

/// The nodes of an expression, children before parents.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    columns: Vec<u32>,
    heights: Vec<usize>,
    /// The node of the whole.
    pub(super) root: Id,
}

/// How tightly a node binds, from a pipe to a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Pipe,
    Choice,
    Or,
    And,
    Not,
    Compare,
    Xor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Sign,
    Power,
    Single,
}

impl Tree {
    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn column(&self, id: Id) -> u32 {
        self.columns[id]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a node whose children are there already.
    pub(super) fn push(&mut self, node: Node, column: u32) -> Result<Id, ExprError> {
        if NODES_MAX <= self.nodes.len() {
            let message = format!("the expression has more than {NODES_MAX} parts");
            return Err(
                ExprError::new(column, message).hint("split it into several calculated tags")
            );
        }
        let height = 1 + self.height_of_children(&node);
        if DEPTH_MAX < height {
            return Err(too_deep(column));
        }
        self.nodes.push(node);
        self.columns.push(column);
        self.heights.push(height);
        Ok(self.nodes.len() - 1)
    }

    /// Puts `value |` before a call.
    pub(super) fn pipe_into(&mut self, call: Id, value: Id) {
        if let Node::Call {
            arguments, piped, ..
        } = &mut self.nodes[call]
        {
            arguments.insert(0, value);
            *piped = true;
        }
    }

    /// Returns whether a name occurs.
    pub(super) fn mentions(&self, wanted: &str) -> bool {
        self.nodes
            .iter()
            .any(|node| matches!(node, Node::Name(name) if **name == *wanted))
    }

    fn height_of_children(&self, node: &Node) -> usize {
        let mut height = 0;
        for_children(node, |child| height = height.max(self.heights[child]));
        height
    }

    /// Returns the expression as text: the same tree comes out of it again.
    pub(super) fn print(&self) -> String {
        let mut out = String::new();
        self.print_node(self.root, Level::Pipe, &mut out);
        out
    }

    fn print_node(&self, id: Id, least: Level, out: &mut String) {
        let node = &self.nodes[id];
        let bracketed = level(node) < least;
        if bracketed {
            out.push('(');
        }
        match node {
            Node::Unary(operator, operand) => {
                out.push_str(unary_sign(*operator));
                self.print_node(*operand, level(node), out);
            }
            Node::Chain(first, links) => self.print_chain(level(node), *first, links, out),
            Node::Compare(first, links) => {
                self.print_node(*first, above(Level::Compare), out);
                for link in links {
                    put(out, format_args!(" {} ", compare_sign(link.operator)));
                    self.print_node(link.right, above(Level::Compare), out);
                }
            }
            Node::Logic(operator, operands) => {
                let separator = match operator {
                    LogicOp::And => " and ",
                    LogicOp::Or => " or ",
                };
                self.print_list(operands, separator, above(level(node)), out);
            }
            Node::Choice {
                then,
                condition,
                otherwise,
            } => {
                self.print_node(*then, above(Level::Choice), out);
                out.push_str(" if ");
                self.print_node(*condition, above(Level::Choice), out);
                out.push_str(" else ");
                self.print_node(*otherwise, Level::Choice, out);
            }
            Node::Call {
                name,
                arguments,
                piped,
            } => self.print_call(name, arguments, *piped, out),
            single => print_single(single, out),
        }
        if bracketed {
            out.push(')');
        }
    }

    fn print_chain(&self, own: Level, first: Id, links: &[Link<BinaryOp>], out: &mut String) {
        self.print_node(first, above(own), out);
        for link in links {
            put(out, format_args!(" {} ", binary_sign(link.operator)));
            let least = match own {
                Level::Power => Level::Sign,
                own => above(own),
            };
            self.print_node(link.right, least, out);
        }
    }

    fn print_call(&self, name: &str, arguments: &[Id], piped: bool, out: &mut String) {
        let mut rest = arguments;
        if let Some((first, others)) = arguments.split_first().filter(|_| piped) {
            self.print_node(*first, Level::Pipe, out);
            out.push_str(" | ");
            rest = others;
        }
        out.push_str(name);
        out.push('(');
        self.print_list(rest, ", ", Level::Pipe, out);
        out.push(')');
    }

    fn print_list(&self, ids: &[Id], separator: &str, least: Level, out: &mut String) {
        for (at, id) in ids.iter().enumerate() {
            if 0 < at {
                out.push_str(separator);
            }
            self.print_node(*id, least, out);
        }
    }

    /// Returns the nodes without their columns.
    #[cfg(test)]
    pub(super) fn shape(&self) -> Vec<Node> {
        let mut nodes = self.nodes.clone();
        for node in &mut nodes {
            match node {
                Node::Chain(_, links) => links.iter_mut().for_each(|link| link.column = 0),
                Node::Compare(_, links) => links.iter_mut().for_each(|link| link.column = 0),
                _ => {}
            }
        }
        nodes
    }
}

/// The error of brackets, signs or choices within one another.
pub(super) fn too_deep(column: u32) -> ExprError {
    let message = format!("more than {DEPTH_MAX} parts within one another");
    ExprError::new(column, message).hint("split it into several calculated tags")
}

fn for_children(node: &Node, mut visit: impl FnMut(Id)) {
    match node {
        Node::Int(_)
        | Node::Float(_)
        | Node::Bool(_)
        | Node::Text(_)
        | Node::Duration(_)
        | Node::Tag(_)
        | Node::Name(_) => {}
        Node::Unary(_, operand) => visit(*operand),
        Node::Chain(first, links) => {
            visit(*first);
            links.iter().for_each(|link| visit(link.right));
        }
        Node::Compare(first, links) => {
            visit(*first);
            links.iter().for_each(|link| visit(link.right));
        }
        Node::Logic(_, operands) => operands.iter().copied().for_each(visit),
        Node::Choice {
            then,
            condition,
            otherwise,
        } => [*then, *condition, *otherwise].into_iter().for_each(visit),
        Node::Call { arguments, .. } => arguments.iter().copied().for_each(visit),
    }
}

fn level(node: &Node) -> Level {
    match node {
        Node::Int(_)
        | Node::Float(_)
        | Node::Bool(_)
        | Node::Text(_)
        | Node::Duration(_)
        | Node::Tag(_)
        | Node::Name(_) => Level::Single,
        Node::Unary(UnaryOp::Not, _) => Level::Not,
        Node::Unary(UnaryOp::Negate | UnaryOp::Plus | UnaryOp::Invert, _) => Level::Sign,
        Node::Chain(_, links) => links
            .first()
            .map_or(Level::Single, |link| binary_level(link.operator)),
        Node::Compare(..) => Level::Compare,
        Node::Logic(LogicOp::And, _) => Level::And,
        Node::Logic(LogicOp::Or, _) => Level::Or,
        Node::Choice { .. } => Level::Choice,
        Node::Call { piped: true, .. } => Level::Pipe,
        Node::Call { piped: false, .. } => Level::Single,
    }
}

const fn binary_level(operator: BinaryOp) -> Level {
    match operator {
        BinaryOp::Xor => Level::Xor,
        BinaryOp::And => Level::BitAnd,
        BinaryOp::ShiftLeft | BinaryOp::ShiftRight => Level::Shift,
        BinaryOp::Add | BinaryOp::Subtract => Level::Sum,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::FloorDivide | BinaryOp::Modulo => {
            Level::Product
        }
        BinaryOp::Power => Level::Power,
    }
}

const fn above(level: Level) -> Level {
    match level {
        Level::Pipe => Level::Choice,
        Level::Choice => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Not,
        Level::Not => Level::Compare,
        Level::Compare => Level::Xor,
        Level::Xor => Level::BitAnd,
        Level::BitAnd => Level::Shift,
        Level::Shift => Level::Sum,
        Level::Sum => Level::Product,
        Level::Product => Level::Sign,
        Level::Sign => Level::Power,
        Level::Power | Level::Single => Level::Single,
    }
}

pub(super) const fn binary_sign(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Xor => "^",
        BinaryOp::And => "&",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::FloorDivide => "//",
        BinaryOp::Modulo => "%",
        BinaryOp::Power => "**",
    }
}

pub(super) const fn compare_sign(operator: CompareOp) -> &'static str {
    match operator {
        CompareOp::Less => "<",
        CompareOp::LessEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterEqual => ">=",
        CompareOp::Equal => "==",
        CompareOp::NotEqual => "!=",
    }
}

pub(super) const fn unary_sign(operator: UnaryOp) -> &'static str {
    match operator {
        UnaryOp::Negate => "-",
        UnaryOp::Plus => "+",
        UnaryOp::Invert => "~",
        UnaryOp::Not => "not ",
    }
}

fn print_single(node: &Node, out: &mut String) {
    match node {
        Node::Int(value) => put(out, format_args!("{value}")),
        // The shortest text that is read as the same number, always with a point or an exponent.
        Node::Float(value) => put(out, format_args!("{value:?}")),
        Node::Bool(true) => out.push_str("true"),
        Node::Bool(false) => out.push_str("false"),
        Node::Text(text) => out.push_str(&quoted(text)),
        Node::Duration(duration_us) => out.push_str(&print_duration(*duration_us)),
        Node::Tag(path) => put(out, format_args!("tag({})", quoted(path.as_str()))),
        Node::Name(name) => out.push_str(name),
        _ => {}
    }
}

/// Returns a text in quotes with what must be escaped.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns a duration with the largest unit that makes a whole number.
fn print_duration(duration_us: i64) -> String {
    let fits = |(_, unit_us): &&(&str, i64)| duration_us % unit_us == 0;
    match UNITS.iter().find(fits) {
        Some((unit, unit_us)) => format!("{}{unit}", duration_us / unit_us),
        None => format!("{duration_us}us"),
    }
}

fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _written = out.write_fmt(arguments);
}
