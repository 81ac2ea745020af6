//! Tokens become a tree: the grammar of Python's expressions, and pipes.
//!
//! From loose to tight: `|` (pipe), `if else`, `or`, `and`, `not`, comparisons, `^`, `&`,
//! `<< >>`, `+ -`, `* / // %`, signs and `~`, `**`.

use super::error::ExprError;
use super::lexer::{Lexeme, Token, lex, short};
use super::tree::{BinaryOp, CompareOp, Id, Link, LogicOp, Node, Tree, UnaryOp, too_deep};
use super::{ARGUMENTS_MAX, DEPTH_MAX};
use crate::path::TagPath;

/// The name of what goes into a transform.
pub(super) const PIPED: &str = "value";

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Tree, ExprError> {
    let mut parser = Parser::new(text)?;
    let root = parser.pipeline()?;
    parser.finish(root)
}

/// Reads a transform: a pipeline that is given [`PIPED`] unless its first stage mentions it.
pub(super) fn parse_transform(text: &str) -> Result<Tree, ExprError> {
    let mut parser = Parser::new(text)?;
    let column = parser.column();
    let mut first = if parser.is_stage_alone() {
        parser.stage(Vec::new())?
    } else {
        parser.choice()?
    };
    if !parser.tree.mentions(PIPED) {
        let is_call = matches!(parser.tree.node(first), Node::Call { piped: false, .. });
        if is_call {
            let value = parser.tree.push(Node::Name(PIPED.into()), column)?;
            parser.tree.pipe_into(first, value);
        } else if !parser.is(PIPE) {
            let message = "a transform begins with a function or uses `value`";
            return Err(ExprError::new(column, message).hint("as in `scale(0.001)`"));
        }
    }
    first = parser.stages(first)?;
    parser.finish(first)
}

const PIPE: &str = "|";

/// Signs and their operators, by level from loose to tight.
static LEVELS: &[&[(&str, BinaryOp)]] = &[
    &[("^", BinaryOp::Xor)],
    &[("&", BinaryOp::And)],
    &[("<<", BinaryOp::ShiftLeft), (">>", BinaryOp::ShiftRight)],
    &[("+", BinaryOp::Add), ("-", BinaryOp::Subtract)],
    &[
        ("*", BinaryOp::Multiply),
        ("/", BinaryOp::Divide),
        ("//", BinaryOp::FloorDivide),
        ("%", BinaryOp::Modulo),
    ],
];

static COMPARISONS: &[(&str, CompareOp)] = &[
    ("<", CompareOp::Less),
    ("<=", CompareOp::LessEqual),
    (">", CompareOp::Greater),
    (">=", CompareOp::GreaterEqual),
    ("==", CompareOp::Equal),
    ("!=", CompareOp::NotEqual),
];

static SIGNS: &[(&str, UnaryOp)] = &[
    ("-", UnaryOp::Negate),
    ("+", UnaryOp::Plus),
    ("~", UnaryOp::Invert),
];

/// Words of Python that an expression does not have.
static REFUSED: &[(&str, &str)] = &[
    ("for", "there are no loops; window functions look back"),
    ("while", "there are no loops; window functions look back"),
    ("lambda", "there are no functions of one's own"),
    ("def", "there are no functions of one's own"),
    ("import", "all functions are there already"),
    ("return", "an expression is its value"),
    ("in", "write `contains(text, part)` or compare with `==`"),
    ("is", "write `==`"),
    ("None", "bad quality stands for no value; write `is_bad(x)`"),
    ("null", "bad quality stands for no value; write `is_bad(x)`"),
];

struct Parser {
    lexemes: Vec<Lexeme>,
    at: usize,
    depth: usize,
    tree: Tree,
}

/// Returns whether a name has no meaning in other languages that is refused here.
pub(super) fn is_allowed(name: &str) -> bool {
    REFUSED.iter().all(|(word, _)| *word != name)
}

impl Parser {
    fn new(text: &str) -> Result<Parser, ExprError> {
        Ok(Parser {
            lexemes: lex(text)?,
            at: 0,
            depth: 0,
            tree: Tree::default(),
        })
    }

    fn finish(mut self, root: Id) -> Result<Tree, ExprError> {
        if self.token() != &Token::End {
            return Err(self.unexpected("an operator or the end"));
        }
        self.tree.root = root;
        Ok(self.tree)
    }

    fn pipeline(&mut self) -> Result<Id, ExprError> {
        let first = self.choice()?;
        self.stages(first)
    }

    /// Reads `| f(...)`, any number of times.
    fn stages(&mut self, first: Id) -> Result<Id, ExprError> {
        let mut value = first;
        while self.takes(PIPE) {
            value = self.stage(vec![value])?;
        }
        Ok(value)
    }

    fn stage(&mut self, mut arguments: Vec<Id>) -> Result<Id, ExprError> {
        let column = self.column();
        let Token::Name(name) = self.token().clone() else {
            return Err(self.unexpected("a function").hint(
                "`|` passes a value on to a function, as in `x | clamp(0, 100)`; \
                 bits are joined with `bit_or(a, b)`",
            ));
        };
        self.at += 1;
        let piped = !arguments.is_empty();
        if self.takes("(") {
            self.arguments(&mut arguments)?;
        }
        let call = Node::Call {
            name,
            arguments,
            piped,
        };
        self.tree.push(call, column)
    }

    /// Returns whether a name without brackets begins a pipeline, as in `abs | scale(2)`.
    fn is_stage_alone(&self) -> bool {
        let next = self.lexemes.get(self.at + 1).map(|lexeme| &lexeme.token);
        matches!(self.token(), Token::Name(name) if **name != *PIPED)
            && matches!(next, Some(Token::End | Token::Sign("|")))
    }

    fn choice(&mut self) -> Result<Id, ExprError> {
        self.nested(|parser| {
            let column = parser.column();
            let then = parser.logic(LogicOp::Or)?;
            if !parser.takes("if") {
                return Ok(then);
            }
            let condition = parser.logic(LogicOp::Or)?;
            if !parser.takes("else") {
                return Err(parser
                    .unexpected("`else`")
                    .hint("a choice is written `a if condition else b`"));
            }
            let otherwise = parser.choice()?;
            let choice = Node::Choice {
                then,
                condition,
                otherwise,
            };
            parser.tree.push(choice, column)
        })
    }

    fn logic(&mut self, operator: LogicOp) -> Result<Id, ExprError> {
        let column = self.column();
        let (sign, operand): (_, fn(&mut Parser) -> _) = match operator {
            LogicOp::Or => ("or", |parser| parser.logic(LogicOp::And)),
            LogicOp::And => ("and", Parser::negation),
        };
        let mut operands = vec![operand(self)?];
        while self.takes(sign) {
            operands.push(operand(self)?);
        }
        match operands.as_slice() {
            [single] => Ok(*single),
            _ => self.tree.push(Node::Logic(operator, operands), column),
        }
    }

    fn negation(&mut self) -> Result<Id, ExprError> {
        let column = self.column();
        if !self.takes("not") {
            return self.comparison();
        }
        let operand = self.nested(Parser::negation)?;
        self.tree.push(Node::Unary(UnaryOp::Not, operand), column)
    }

    fn comparison(&mut self) -> Result<Id, ExprError> {
        let column = self.column();
        let first = self.binary(0)?;
        let mut links = Vec::new();
        while let Some((operator, column)) = self.take_operator(COMPARISONS) {
            let right = self.binary(0)?;
            links.push(Link {
                operator,
                column,
                right,
            });
        }
        if links.is_empty() {
            return Ok(first);
        }
        self.tree.push(Node::Compare(first, links), column)
    }

    fn binary(&mut self, level: usize) -> Result<Id, ExprError> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let column = self.column();
        let first = self.binary(level + 1)?;
        let mut links = Vec::new();
        while let Some((operator, column)) = self.take_operator(operators) {
            let right = self.binary(level + 1)?;
            links.push(Link {
                operator,
                column,
                right,
            });
        }
        if links.is_empty() {
            return Ok(first);
        }
        self.tree.push(Node::Chain(first, links), column)
    }

    fn signed(&mut self) -> Result<Id, ExprError> {
        let Some((operator, column)) = self.take_operator(SIGNS) else {
            return self.power();
        };
        let operand = self.nested(Parser::signed)?;
        self.tree.push(Node::Unary(operator, operand), column)
    }

    fn power(&mut self) -> Result<Id, ExprError> {
        let start = self.column();
        let base = self.single()?;
        let column = self.column();
        if !self.takes("**") {
            return Ok(base);
        }
        let right = self.nested(Parser::signed)?;
        let link = Link {
            operator: BinaryOp::Power,
            column,
            right,
        };
        self.tree.push(Node::Chain(base, vec![link]), start)
    }

    fn single(&mut self) -> Result<Id, ExprError> {
        let column = self.column();
        let node = match self.token().clone() {
            Token::Int(value) => Node::Int(value),
            Token::Float(value) => Node::Float(value),
            Token::Bool(value) => Node::Bool(value),
            Token::Text(text) => Node::Text(text),
            Token::Duration(duration_us) => Node::Duration(duration_us),
            Token::Name(name) => return self.name(name),
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.pipeline()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("not") => {
                let hint = "put brackets around `not ...`";
                return Err(self.unexpected("a value").hint(hint));
            }
            Token::Sign(_) | Token::End => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        self.tree.push(node, column)
    }

    /// Reads a name, a call or a reference to a tag.
    fn name(&mut self, name: Box<str>) -> Result<Id, ExprError> {
        let column = self.column();
        if let Some((word, hint)) = REFUSED.iter().find(|(word, _)| **word == *name) {
            return Err(
                ExprError::new(column, format!("`{word}` has no meaning here")).hint(*hint),
            );
        }
        self.at += 1;
        if !self.takes("(") {
            return self.tree.push(Node::Name(name), column);
        }
        if &*name == "tag" {
            return self.tag(column);
        }
        let mut arguments = Vec::new();
        self.arguments(&mut arguments)?;
        let call = Node::Call {
            name,
            arguments,
            piped: false,
        };
        self.tree.push(call, column)
    }

    fn tag(&mut self, column: u32) -> Result<Id, ExprError> {
        let path_column = self.column();
        let Token::Text(text) = self.token().clone() else {
            let hint = "as in tag(\"plant/boiler/temp\"); a path cannot be computed";
            return Err(self.unexpected("the path of the tag in quotes").hint(hint));
        };
        self.at += 1;
        self.expect(")")?;
        let path: TagPath = text.parse().map_err(|error: crate::path::PathError| {
            ExprError::new(path_column, error.to_string())
        })?;
        self.tree.push(Node::Tag(path), column)
    }

    /// Reads the arguments after `(`, with the closing bracket.
    fn arguments(&mut self, arguments: &mut Vec<Id>) -> Result<(), ExprError> {
        if self.takes(")") {
            return Ok(());
        }
        loop {
            let column = self.column();
            arguments.push(self.pipeline()?);
            if ARGUMENTS_MAX < arguments.len() {
                let message = format!("more than {ARGUMENTS_MAX} arguments");
                return Err(ExprError::new(column, message));
            }
            if !self.takes(",") {
                return self.expect(")");
            }
        }
    }

    /// Goes one level deeper.
    fn nested(
        &mut self,
        read: impl FnOnce(&mut Parser) -> Result<Id, ExprError>,
    ) -> Result<Id, ExprError> {
        if DEPTH_MAX <= self.depth {
            return Err(too_deep(self.column()));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn token(&self) -> &Token {
        self.lexemes
            .get(self.at)
            .map_or(&Token::End, |lexeme| &lexeme.token)
    }

    fn column(&self) -> u32 {
        let last = self.lexemes.len().saturating_sub(1);
        self.lexemes
            .get(self.at.min(last))
            .map_or(1, |lexeme| lexeme.column)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token(), Token::Sign(found) if *found == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn take_operator<Op: Copy>(&mut self, operators: &[(&str, Op)]) -> Option<(Op, u32)> {
        let column = self.column();
        let (_, operator) = operators.iter().find(|(sign, _)| self.is(sign))?;
        self.at += 1;
        Some((*operator, column))
    }

    fn expect(&mut self, sign: &str) -> Result<(), ExprError> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{sign}`")))
    }

    fn unexpected(&self, wanted: &str) -> ExprError {
        let found = match self.token() {
            Token::Int(value) => format!("the number {value}"),
            Token::Float(value) => format!("the number {value:?}"),
            Token::Bool(value) => format!("`{value}`"),
            Token::Text(text) => format!("the text {:?}", short(text)),
            Token::Duration(_) => "a duration".to_owned(),
            Token::Name(name) => format!("the name {:?}", short(name)),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        };
        let error = ExprError::new(self.column(), format!("expected {wanted}, found {found}"));
        match self.token() {
            Token::Name(name) => {
                let refused = REFUSED.iter().find(|(word, _)| **word == **name);
                error.maybe_hint(refused.map(|(_, hint)| (*hint).to_owned()))
            }
            _ => error,
        }
    }
}
