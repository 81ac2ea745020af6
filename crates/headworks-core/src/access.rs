//! Who may do what: roles, permissions, and rights narrowed to parts of the plant.
//!
//! The one place that decides. It knows no accounts and no sessions: those give rights to callers.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Pattern, TagPath};

/// What a person or a program is in the plant; each role may do all that the one before may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees values, history and configuration.
    Viewer,
    /// Writes to tags and acknowledges alarms, where granted.
    Operator,
    /// Changes the configuration, manages people below the owner, reads the audit journal.
    Admin,
    /// Everything, also making and unmaking owners.
    Owner,
}

/// What something needs of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See values, history and configuration.
    View,
    /// Write to tags and make devices be asked.
    Operate,
    /// Change connections, devices, tags and dashboards.
    Configure,
    /// Manage people and tokens, read the audit journal and logs, back up.
    Administer,
    /// Make and unmake owners.
    Own,
}

/// What one caller may do, and on which tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Rights {
    role: Role,
    /// A tag may be seen that every one of these holds; all tags when there is none.
    read: Vec<Scope>,
    /// A tag may be written that every one of these holds besides.
    write: Vec<Scope>,
}

/// A part of the plant: the tags that at least one pattern selects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<Pattern>")]
#[schemars(!try_from)]
pub struct Scope(
    #[schemars(with = "Vec<String>", length(max = 64), inner(length(max = 2064)))] Vec<Pattern>,
);

/// More patterns than a scope takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} patterns are given, at most {max} are allowed", max = Scope::PATTERNS_MAX)]
pub struct TooManyPatterns {
    /// How many there are.
    pub found: usize,
}

impl Role {
    /// Every role, the weakest first.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Admin, Role::Owner];

    /// Returns whether the role may do what needs `permission`.
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::View => true,
            Permission::Operate => !matches!(self, Role::Viewer),
            Permission::Configure | Permission::Administer => {
                matches!(self, Role::Admin | Role::Owner)
            }
            Permission::Own => matches!(self, Role::Owner),
        }
    }

    /// Returns the name as the store and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Role, String> {
        let found = Role::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let names = Role::ALL.map(Role::name).join(", ");
            format!("{shown:?} is no role; there are {names}")
        })
    }
}

impl Permission {
    /// Returns the name in the documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Permission::View => "view",
            Permission::Operate => "operate",
            Permission::Configure => "configure",
            Permission::Administer => "administer",
            Permission::Own => "own",
        }
    }
}

impl Rights {
    /// Returns the rights of a role, narrowed to tags where a scope is given.
    pub fn new(role: Role, read: Option<Scope>, write: Option<Scope>) -> Rights {
        Rights {
            role,
            read: read.into_iter().collect(),
            write: write.into_iter().collect(),
        }
    }

    /// Returns the role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns whether the caller may do what needs `permission`, on some tags at least.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// Returns whether only a part of the tags may be seen.
    pub fn is_narrowed(&self) -> bool {
        !self.read.is_empty()
    }

    /// Returns whether only a part of the tags may be written.
    pub fn is_write_narrowed(&self) -> bool {
        !self.write.is_empty() || self.is_narrowed()
    }

    /// Returns whether the tag at `path` may be seen.
    pub fn sees(&self, path: &TagPath) -> bool {
        self.read.iter().all(|scope| scope.holds(path))
    }

    /// Returns whether the tag at `path` may be written.
    pub fn may_write(&self, path: &TagPath) -> bool {
        let is_granted = self.write.iter().all(|scope| scope.holds(path));
        self.role.may(Permission::Operate) && is_granted && self.sees(path)
    }

    /// Returns these rights as far as `other` has them too: the rights of a token are never more
    /// than those of its maker at the moment it is used.
    #[must_use]
    pub fn within(&self, other: &Rights) -> Rights {
        Rights {
            role: self.role.min(other.role),
            read: [self.read.as_slice(), &other.read].concat(),
            write: [self.write.as_slice(), &other.write].concat(),
        }
    }
}

impl Scope {
    /// Most patterns of a scope.
    pub const PATTERNS_MAX: usize = 64;

    /// Returns the scope of `patterns`.
    ///
    /// # Errors
    ///
    /// When there are more than [`Scope::PATTERNS_MAX`].
    pub fn new(patterns: Vec<Pattern>) -> Result<Scope, TooManyPatterns> {
        let found = patterns.len();
        if Scope::PATTERNS_MAX < found {
            return Err(TooManyPatterns { found });
        }
        Ok(Scope(patterns))
    }

    /// Returns the patterns.
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    /// Returns whether the tag at `path` belongs to it.
    pub fn holds(&self, path: &TagPath) -> bool {
        self.0.iter().any(|pattern| pattern.matches(path))
    }
}

impl TryFrom<Vec<Pattern>> for Scope {
    type Error = TooManyPatterns;

    fn try_from(patterns: Vec<Pattern>) -> Result<Scope, TooManyPatterns> {
        Scope::new(patterns)
    }
}

#[cfg(test)]
mod tests;
