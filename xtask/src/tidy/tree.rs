//! The files of the project, read once.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::shell;

/// The text files of the project that people write.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The directory of the workspace.
    pub(crate) root: PathBuf,
    /// The files in order of their paths.
    pub(crate) files: Vec<File>,
}

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path in the workspace, with slashes.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl Tree {
    /// Reads the files that git knows, or would add, and that are text.
    ///
    /// # Errors
    ///
    /// When git does not answer or a file cannot be read.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Tree> {
        let arguments = [
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ];
        let mut git = shell::command("git", arguments);
        git.current_dir(root);
        let listed = shell::capture(git).context("the files of the project are listed by git")?;
        let mut paths: Vec<&str> = listed.split_terminator('\0').collect();
        paths.sort_unstable();
        paths.dedup();
        let mut files = Vec::new();
        for path in paths {
            // A file that was removed but not yet from git's index is no file of the tree.
            if let Ok(bytes) = std::fs::read(root.join(path))
                && let Ok(text) = String::from_utf8(bytes)
            {
                files.push(File {
                    path: path.to_owned(),
                    text,
                });
            }
        }
        Ok(Tree {
            root: root.to_path_buf(),
            files,
        })
    }

    /// Returns a tree for a test.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        let file = |&(path, text): &(&str, &str)| File {
            path: path.into(),
            text: text.into(),
        };
        Tree {
            root: PathBuf::from("."),
            files: files.iter().map(file).collect(),
        }
    }

    /// Returns the files whose names end so.
    pub(crate) fn ending(&self, ends: &'static [&'static str]) -> impl Iterator<Item = &File> {
        self.files
            .iter()
            .filter(|file| ends.iter().any(|end| file.path.ends_with(end)))
    }

    /// Returns a file by its path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    /// Returns the lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }
}
