//! A tree becomes a flat list of steps, with what can be known before evaluation checked.

use std::collections::HashMap;

use super::error::{ExprError, Fault};
use super::function::{self, Body, Function, Kind, LIBRARY};
use super::kinds::{
    check_comparable, common, kind_of_binary, kind_of_call, lone_duration, not_for_floats,
    not_for_texts,
};
use super::lexer::short;
use super::machine::{Code, Op, Operand};
use super::parser::PIPED;
use super::program::{Context, Program};
use super::scalar::{Entry, Scalar};
use super::scope::{Reference, Scope, closest};
use super::tree::{BinaryOp, CompareOp, Id, Link, LogicOp, Node, Tree, UnaryOp, unary_sign};
use super::window::Window;
use super::{COST_MAX, WINDOWS_MAX};

/// Makes the steps of a tree.
pub(super) fn compile(tree: &Tree, scope: &dyn Scope) -> Result<Program, ExprError> {
    let mut compiler = Compiler {
        tree,
        scope,
        ops: Vec::new(),
        columns: Vec::new(),
        inputs: Vec::new(),
        input_kinds: Vec::new(),
        constants: Vec::new(),
        windows: Vec::new(),
        hoisted: HashMap::new(),
        cost: 0,
        follows_clock: false,
    };
    compiler.hoist_windows()?;
    let kind = compiler.node(tree.root)?;
    compiler.finish(kind)
}

struct Compiler<'a> {
    tree: &'a Tree,
    scope: &'a dyn Scope,
    ops: Vec<Op>,
    columns: Vec<[u32; 2]>,
    inputs: Vec<Reference>,
    input_kinds: Vec<Kind>,
    constants: Vec<Scalar>,
    windows: Vec<Window>,
    /// The number and the kind of the windows that are evaluated already.
    hoisted: HashMap<Id, (u16, Kind)>,
    cost: u32,
    follows_clock: bool,
}

impl Compiler<'_> {
    /// Evaluates all windows before anything else, inner before outer, so that each sees every
    /// sample, whichever way `if`, `and` and `or` go.
    fn hoist_windows(&mut self) -> Result<(), ExprError> {
        for id in 0..self.tree.len() {
            let Node::Call {
                name, arguments, ..
            } = self.tree.node(id)
            else {
                continue;
            };
            let column = self.tree.column(id);
            let function = self.function(name, arguments, column)?;
            if let Body::Window(kind) = function.body {
                let number = self.window(arguments, function, column, kind)?;
                self.hoisted.insert(id, (number, function.gives));
            }
        }
        Ok(())
    }

    fn window(
        &mut self,
        arguments: &[Id],
        function: &'static Function,
        column: u32,
        kind: super::window::WindowKind,
    ) -> Result<u16, ExprError> {
        if WINDOWS_MAX <= self.windows.len() {
            let message = format!("more than {WINDOWS_MAX} functions that remember");
            return Err(ExprError::new(column, message).hint("split it into several tags"));
        }
        let mut duration_us = 0;
        let mut count = 0;
        for (at, argument) in arguments.iter().enumerate() {
            match self.tree.node(*argument) {
                Node::Duration(literal_us) if function.takes_duration() => {
                    duration_us = *literal_us;
                }
                _ => {
                    self.argument(function, at, *argument)?;
                    count += 1;
                }
            }
        }
        let number = u16::try_from(self.windows.len()).unwrap_or(u16::MAX);
        self.windows.push(Window { kind, duration_us });
        self.follows_clock |= function.follows_clock;
        self.emit(Op::Window { number, count }, column, function.cost)?;
        Ok(number)
    }

    fn finish(self, kind: Kind) -> Result<Program, ExprError> {
        if kind == Kind::Duration {
            return Err(lone_duration(self.tree.column(self.tree.root)));
        }
        Ok(Program::new(
            self.tree.print(),
            kind,
            Code {
                ops: self.ops.into(),
                columns: self.columns.into(),
                constants: self.constants.into(),
                inputs: self.inputs.into(),
                windows: self.windows.into(),
                cost: self.cost,
                follows_clock: self.follows_clock,
            },
        ))
    }

    fn emit(&mut self, op: Op, column: u32, cost: u32) -> Result<usize, ExprError> {
        self.cost += cost;
        if COST_MAX < self.cost {
            let message = format!("the expression costs more than {COST_MAX} steps");
            return Err(
                ExprError::new(column, message).hint("split it into several calculated tags")
            );
        }
        self.ops.push(op);
        self.columns.push([column, column]);
        Ok(self.ops.len() - 1)
    }

    fn here(&self) -> u32 {
        u32::try_from(self.ops.len()).unwrap_or(u32::MAX)
    }

    fn node(&mut self, id: Id) -> Result<Kind, ExprError> {
        let column = self.tree.column(id);
        match self.tree.node(id) {
            Node::Int(value) => self.constant(Scalar::Int(*value), Kind::Int, column),
            Node::Float(value) => self.constant(Scalar::Float(*value), Kind::Float, column),
            Node::Bool(value) => self.constant(Scalar::Bool(*value), Kind::Bool, column),
            Node::Text(text) => self.constant(Scalar::Text(text.clone()), Kind::Text, column),
            Node::Duration(_) => Err(lone_duration(column)),
            Node::Tag(path) => self.input(Reference::Tag(path.clone()), column),
            Node::Name(name) => self.input(Reference::Name(name.clone()), column),
            Node::Unary(operator, operand) => self.unary(*operator, *operand, column),
            Node::Chain(first, links) => self.chain(*first, links),
            Node::Compare(first, links) => self.comparison(*first, links),
            Node::Logic(operator, operands) => self.logic(*operator, operands, column),
            Node::Choice {
                then,
                condition,
                otherwise,
            } => self.choice(*then, *condition, *otherwise),
            Node::Call {
                name, arguments, ..
            } => self.call(id, name, arguments),
        }
    }

    fn constant(&mut self, scalar: Scalar, kind: Kind, column: u32) -> Result<Kind, ExprError> {
        let known = self.constants.iter().position(|known| *known == scalar);
        let at = known.filter(|_| kind != Kind::Float).unwrap_or_else(|| {
            self.constants.push(scalar);
            self.constants.len() - 1
        });
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.emit(Op::Constant(at), column, 1)?;
        Ok(kind)
    }

    fn input(&mut self, reference: Reference, column: u32) -> Result<Kind, ExprError> {
        let slot = match self.inputs.iter().position(|known| *known == reference) {
            Some(slot) => slot,
            None => self.new_input(reference, column)?,
        };
        let kind = self.input_kinds[slot];
        self.emit(
            Op::Input(u32::try_from(slot).unwrap_or(u32::MAX)),
            column,
            1,
        )?;
        Ok(kind)
    }

    fn new_input(&mut self, reference: Reference, column: u32) -> Result<usize, ExprError> {
        let Some(kind) = self.scope.kind_of(&reference) else {
            return Err(self.unknown(&reference, column));
        };
        self.inputs.push(reference);
        self.input_kinds.push(kind);
        Ok(self.inputs.len() - 1)
    }

    fn unknown(&self, reference: &Reference, column: u32) -> ExprError {
        let similar = self.scope.similar(reference);
        let hint = similar.map(|similar| format!("did you mean {similar}?"));
        match reference {
            Reference::Tag(path) => {
                let message = format!("there is no tag {:?}", short(path.as_str()));
                ExprError::new(column, message).maybe_hint(hint)
            }
            Reference::Name(name) => {
                let message = format!("nothing here is called {:?}", short(name));
                let is_function = function::named(name).next().is_some();
                let call = is_function.then(|| format!("{name} is a function: write {name}(...)"));
                let piped =
                    (**name == *PIPED).then(|| "`value` is what goes into a transform".to_owned());
                let tag = || "another tag is written tag(\"path/of/the/tag\")".to_owned();
                let hint = hint.or(call).or(piped).unwrap_or_else(tag);
                ExprError::new(column, message).hint(hint)
            }
        }
    }

    fn unary(&mut self, operator: UnaryOp, operand: Id, column: u32) -> Result<Kind, ExprError> {
        let kind = self.node(operand)?;
        let gives = match (operator, kind) {
            (UnaryOp::Not, _) => Kind::Bool,
            (_, Kind::Text) => return Err(not_for_texts(unary_sign(operator), column)),
            (UnaryOp::Invert, Kind::Float) => return Err(not_for_floats("~", column)),
            (UnaryOp::Invert, _) | (_, Kind::Bool) => Kind::Int,
            (_, kind) => kind,
        };
        self.emit(Op::Unary(operator), column, 1)?;
        Ok(gives)
    }

    fn chain(&mut self, first: Id, links: &[Link<BinaryOp>]) -> Result<Kind, ExprError> {
        let mut kind = self.node(first)?;
        for link in links {
            let from = self.ops.len();
            let right = self.node(link.right)?;
            kind = kind_of_binary(link.operator, kind, right, link.column)?;
            let operator = link.operator;
            match self.take_operand(from) {
                Some((right, column)) => {
                    let at = self.emit(Op::BinaryWith { operator, right }, link.column, 1)?;
                    self.columns[at][1] = column;
                }
                None => {
                    self.emit(Op::Binary(operator), link.column, 1)?;
                }
            }
        }
        Ok(kind)
    }

    /// Takes the steps since `from` back when they only fetch an operand.
    fn take_operand(&mut self, from: usize) -> Option<(Operand, u32)> {
        let operand = match self.ops.get(from..)? {
            [Op::Constant(number)] => Operand::Constant(*number),
            [Op::Input(slot)] => Operand::Input(*slot),
            _ => return None,
        };
        self.ops.pop();
        let [column, _] = self.columns.pop()?;
        Some((operand, column))
    }

    fn comparison(&mut self, first: Id, links: &[Link<CompareOp>]) -> Result<Kind, ExprError> {
        let mut left = self.node(first)?;
        let mut jumps = Vec::new();
        for (at, link) in links.iter().enumerate() {
            let from = self.ops.len();
            let right = self.node(link.right)?;
            let operator = link.operator;
            check_comparable(operator, left, right, link.column)?;
            left = right;
            if at + 1 < links.len() {
                let chained = Op::Chained { operator, end: 0 };
                jumps.push(self.emit(chained, link.column, 1)?);
            } else if let Some((right, column)) = self.take_operand(from) {
                let at = self.emit(Op::CompareWith { operator, right }, link.column, 1)?;
                self.columns[at][1] = column;
            } else {
                self.emit(Op::Compare(operator), link.column, 1)?;
            }
        }
        self.land(&jumps);
        Ok(Kind::Bool)
    }

    fn logic(
        &mut self,
        operator: LogicOp,
        operands: &[Id],
        column: u32,
    ) -> Result<Kind, ExprError> {
        let mut jumps = Vec::new();
        let mut kind = None;
        for (at, operand) in operands.iter().enumerate() {
            let own = self.node(*operand)?;
            kind = Some(kind.map_or(own, |kind| common(kind, own)));
            if 0 < at {
                self.emit(Op::Merge, column, 1)?;
            }
            if at + 1 < operands.len() {
                let skip = Op::Skip { operator, end: 0 };
                jumps.push(self.emit(skip, column, 1)?);
            }
        }
        self.land(&jumps);
        Ok(kind.unwrap_or(Kind::Any))
    }

    fn choice(&mut self, then: Id, condition: Id, otherwise: Id) -> Result<Kind, ExprError> {
        let column = self.tree.column(condition);
        self.node(condition)?;
        let fork = Op::Fork {
            otherwise: 0,
            end: 0,
        };
        let fork_at = self.emit(fork, column, 1)?;
        let then_kind = self.node(then)?;
        self.emit(Op::Merge, column, 1)?;
        let jump = self.emit(Op::Jump { end: 0 }, column, 1)?;
        let here = self.here();
        if let Op::Fork { otherwise, .. } = &mut self.ops[fork_at] {
            *otherwise = here;
        }
        let otherwise_kind = self.node(otherwise)?;
        self.emit(Op::Merge, column, 1)?;
        self.land(&[fork_at, jump]);
        Ok(common(then_kind, otherwise_kind))
    }

    /// Lets jumps end here.
    fn land(&mut self, jumps: &[usize]) {
        let here = self.here();
        for at in jumps {
            match &mut self.ops[*at] {
                Op::Chained { end, .. }
                | Op::Skip { end, .. }
                | Op::Fork { end, .. }
                | Op::Jump { end } => *end = here,
                _ => {}
            }
        }
    }

    fn call(&mut self, id: Id, name: &str, arguments: &[Id]) -> Result<Kind, ExprError> {
        let column = self.tree.column(id);
        if let Some((number, kind)) = self.hoisted.get(&id).copied() {
            self.emit(Op::Load(number), column, 1)?;
            return Ok(kind);
        }
        let function = self.function(name, arguments, column)?;
        let mut kinds = Vec::new();
        for (at, argument) in arguments.iter().enumerate() {
            kinds.push(self.argument(function, at, *argument)?);
        }
        if matches!(function.body, Body::Clock(_)) {
            self.check_constants(function, arguments, column)?;
        }
        self.follows_clock |= function.follows_clock;
        let count = u8::try_from(arguments.len()).unwrap_or(u8::MAX);
        self.emit(Op::Call { function, count }, column, function.cost)?;
        Ok(kind_of_call(function, &kinds))
    }

    fn argument(
        &mut self,
        function: &'static Function,
        at: usize,
        id: Id,
    ) -> Result<Kind, ExprError> {
        let column = self.tree.column(id);
        let wanted = function.parameter(at);
        if matches!(self.tree.node(id), Node::Duration(_)) {
            return Err(lone_duration(column));
        }
        let kind = self.node(id)?;
        match wanted {
            Some(wanted) if !kind.fits(wanted.kind) => {
                let message = format!(
                    "{} of {} is {}, this is {kind}",
                    wanted.name,
                    function.signature(),
                    wanted.kind
                );
                Err(ExprError::new(column, message))
            }
            _ => Ok(kind),
        }
    }

    /// Finds the function that a call means by its name and by whether it ends with a duration.
    fn function(
        &self,
        name: &str,
        arguments: &[Id],
        column: u32,
    ) -> Result<&'static Function, ExprError> {
        let last = arguments.last().map(|last| self.tree.node(*last));
        let has_duration = matches!(last, Some(Node::Duration(_)));
        let mut named = function::named(name).peekable();
        let Some(first) = named.peek().copied() else {
            return Err(unknown_function(name, column));
        };
        let fits = |function: &&'static Function| {
            let most = function.arguments_max().unwrap_or(usize::MAX);
            function.takes_duration() == has_duration
                && function.arguments_min() <= arguments.len()
                && arguments.len() <= most
        };
        named.find(fits).ok_or_else(|| {
            let forms: Vec<String> = function::named(name).map(Function::signature).collect();
            let given = arguments.len();
            let message = match first.takes_duration() && !has_duration && forms.len() == 1 {
                true => format!("{name} needs a duration as its last argument, such as 10m"),
                false => format!("{name} is not given {given} arguments like these"),
            };
            ExprError::new(column, message).hint(format!("write {}", forms.join(" or ")))
        })
    }

    /// Tries a function of the clock whose arguments are all constant, such as times of day: what
    /// it refuses now it would refuse for ever.
    fn check_constants(
        &self,
        function: &'static Function,
        arguments: &[Id],
        column: u32,
    ) -> Result<(), ExprError> {
        let Body::Clock(read) = function.body else {
            return Ok(());
        };
        let mut entries = Vec::new();
        for argument in arguments {
            match self.tree.node(*argument) {
                Node::Text(text) => entries.push(Entry::constant(Scalar::Text(text.clone()))),
                _ => return Ok(()),
            }
        }
        let context = Context {
            now_us: 0,
            zone: &jiff::tz::TimeZone::UTC,
        };
        match read(&entries, &context) {
            Err(Fault::Argument) => {
                let message = format!("{} does not understand its arguments", function.name);
                Err(ExprError::new(column, message).hint(format!("as in {}", function.example)))
            }
            _ => Ok(()),
        }
    }
}

fn unknown_function(name: &str, column: u32) -> ExprError {
    let names = LIBRARY
        .iter()
        .flat_map(|(_, functions)| functions.iter().map(|function| function.name));
    let hint = match FOREIGN.iter().find(|(foreign, _)| *foreign == name) {
        Some((_, own)) => Some(format!("it is called {own} here")),
        None => closest(name, names).map(|near| format!("did you mean {near}?")),
    };
    ExprError::new(column, format!("there is no function {:?}", short(name))).maybe_hint(hint)
}

/// Names of functions elsewhere, with ours.
static FOREIGN: &[(&str, &str)] = &[
    ("average", "avg"),
    ("mean", "avg"),
    ("if", "a if condition else b"),
    ("iif", "a if condition else b"),
    ("log", "ln"),
    ("pow", "a ** b"),
    ("mod", "a % b"),
    ("str", "text"),
    ("concat", "join"),
    ("limit", "clamp"),
    ("trunc", "int"),
    ("f_trig", "falling"),
    ("r_trig", "rising"),
    ("ton", "on_for"),
    ("tof", "off_for"),
];
