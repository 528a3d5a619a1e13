//! What an output has so far, by names: what may be in it, and where its links lead.

use std::collections::HashMap;

use super::error::OutputError;
use crate::{exchange::fold, session::file_name};

/// Bytes of a name on the host's file systems.
const NAME_BYTES: usize = 255;
/// Bytes of a path below an output; a system call takes 4096 with the output's own.
const PATH_BYTES: usize = 3072;
/// As many links a path may lead through on Linux.
const HOPS: usize = 40;
/// Names that are looked at for all links of an output.
const STEPS: usize = 1 << 24;

/// What a path of an output is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Directory,
    File { bytes: u64 },
    Link { target: String },
}

pub(super) type Id = usize;
const ROOT: Id = 0;

#[derive(Debug)]
struct Node {
    name: String,
    parent: Id,
    what: What,
}

/// The paths of one output. All begin with the output's name in messages.
#[derive(Debug)]
pub(super) struct Tree {
    output: String,
    entries: usize,
    depth: usize,
    nodes: Vec<Node>,
    known: HashMap<(Id, String), Id>,
}

impl Tree {
    pub(super) fn new(output: &str, entries: usize, depth: usize) -> Self {
        Self { output: output.into(), entries, depth, nodes: Vec::new(), known: HashMap::new() }
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What the output itself is.
    pub(super) fn root(&self) -> Option<&What> {
        self.nodes.first().map(|node| &node.what)
    }

    /// A path in the words of a message.
    pub(super) fn shown(&self, path: &str) -> String {
        if path.is_empty() { self.output.clone() } else { format!("{}/{path}", self.output) }
    }

    /// What there is at a path, written like this.
    pub(super) fn at(&self, path: &str) -> Option<&What> {
        let mut at = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            at = self.child(at, name)?;
        }
        self.nodes.get(at).map(|node| &node.what)
    }

    /// Adds a path and the directories that it is in; gives the new ones, those above first. The
    /// output itself is the empty path.
    pub(super) fn add(&mut self, path: &str, what: &What) -> Result<Vec<String>, OutputError> {
        if path.len() > PATH_BYTES {
            return Err(self.limit(path, "bytes in a path", PATH_BYTES));
        }
        let names: Vec<&str> = path.split('/').filter(|_| !path.is_empty()).collect();
        if names.len() > self.depth {
            return Err(self.limit(path, "names in a path", self.depth));
        }
        let mut new = Vec::new();
        let mut prefix = String::new();
        let mut at = None;
        let last = names.len();
        for (depth, name) in std::iter::once(&"").chain(&names).enumerate() {
            if depth > 1 {
                prefix.push('/');
            }
            prefix.push_str(name);
            let what = if depth == last { what } else { &What::Directory };
            let is_directory = *what == What::Directory;
            let key = at.map(|parent| (parent, fold(name)));
            let there = match &key {
                None => (!self.nodes.is_empty()).then_some(ROOT),
                Some(key) => self.known.get(key).copied(),
            };
            if let Some(there) = there {
                at = Some(self.again(there, name, is_directory, &prefix)?);
                continue;
            }
            let id = self.fresh(name, at.unwrap_or(ROOT), what.clone(), &prefix)?;
            self.known.extend(key.map(|key| (key, id)));
            if is_directory {
                new.push(prefix.clone());
            }
            at = Some(id);
        }
        Ok(new)
    }

    /// A path that is there already may be a directory that comes once more.
    fn again(&self, there: Id, name: &str, is_directory: bool, path: &str) -> Result<Id, OutputError> {
        let Some(node) = self.nodes.get(there) else { return Ok(there) };
        if there != ROOT && node.name != name {
            let (path, other) = (self.shown(path), self.shown(&self.path(there)));
            return Err(OutputError::Case { path, other });
        }
        if is_directory && node.what == What::Directory {
            return Ok(there);
        }
        Err(OutputError::Twice { path: self.shown(path) })
    }

    fn fresh(&mut self, name: &str, parent: Id, what: What, path: &str) -> Result<Id, OutputError> {
        if !path.is_empty()
            && let Some(problem) = problem(name)
        {
            return Err(OutputError::Name { path: self.shown(path), problem: format!("{name:?} {problem}") });
        }
        if self.nodes.len() >= self.entries {
            return Err(self.limit(path, "files, directories and links", self.entries));
        }
        self.nodes.push(Node { name: name.into(), parent, what });
        Ok(self.nodes.len() - 1)
    }

    fn limit(&self, path: &str, what: &'static str, most: usize) -> OutputError {
        let path: String = self.shown(path).chars().take(200).collect();
        OutputError::Limit { output: self.output.clone(), path, what, most: most as u64 }
    }

    fn child(&self, parent: Id, name: &str) -> Option<Id> {
        let id = *self.known.get(&(parent, fold(name)))?;
        self.nodes.get(id).filter(|node| node.name == name).map(|_| id)
    }

    fn path(&self, mut id: Id) -> String {
        let mut names = Vec::new();
        while let Some(node) = self.nodes.get(id).filter(|_| id != ROOT) {
            names.push(node.name.as_str());
            id = node.parent;
        }
        names.reverse();
        names.join("/")
    }

    /// All links with their targets, once it is known that none leads out of the output.
    pub(super) fn links(&self) -> Result<Vec<(String, &str)>, OutputError> {
        let mut steps = STEPS;
        let mut links = Vec::new();
        for (id, node) in self.nodes.iter().enumerate() {
            let What::Link { target } = &node.what else { continue };
            self.stays_inside(id, target, &mut steps).map_err(|problem| OutputError::Link {
                path: self.shown(&self.path(id)),
                target: target.clone(),
                problem,
            })?;
            links.push((self.path(id), target.as_str()));
        }
        Ok(links)
    }

    /// Goes where Linux would go, through other links as well.
    fn stays_inside(&self, link: Id, target: &str, steps: &mut usize) -> Result<(), &'static str> {
        if link == ROOT {
            return Err("an output cannot be");
        }
        // Where we are: the directories above, the last one last. `None` is what is not there.
        let mut above = vec![];
        let mut id = self.nodes.get(link).map_or(ROOT, |node| node.parent);
        while id != ROOT {
            above.push(Some(id));
            id = self.nodes.get(id).map_or(ROOT, |node| node.parent);
        }
        above.push(Some(ROOT));
        above.reverse();
        let mut ahead: Vec<&str> = target.rsplit('/').collect();
        let mut hops = 0;
        while let Some(name) = ahead.pop() {
            *steps = steps.checked_sub(1).ok_or("leads through too many other links")?;
            match name {
                "" | "." => {}
                ".." => {
                    above.pop();
                    if above.is_empty() {
                        return Err("leads out of the output");
                    }
                }
                name => {
                    let id = above.last().copied().flatten().and_then(|parent| self.child(parent, name));
                    match id.and_then(|id| self.nodes.get(id)).map(|node| &node.what) {
                        Some(What::Link { target }) => {
                            hops += 1;
                            if hops > HOPS {
                                return Err("leads round in a circle, or through too many other links");
                            }
                            ahead.extend(target.rsplit('/'));
                        }
                        Some(What::Directory | What::File { .. }) | None => above.push(id),
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is wrong with a name.
fn problem(name: &str) -> Option<String> {
    if name.len() > NAME_BYTES {
        return Some(format!("has {} bytes in UTF-8, and {NAME_BYTES} are possible", name.len()));
    }
    let control = name.chars().find(|character| character.is_control());
    let control = control.map(|character| format!("has the control character {character:?}"));
    control.or_else(|| file_name::refusal(name))
}
