//! What strace wrote down, as a list of changes to files in the order in which they began.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use convene_tests::load::Micros;

/// The system calls that change files, or make changes durable.
pub(crate) const CALLS: &str = "open,openat,creat,close,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,\
                                sync,syncfs,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,msync,\
                                copy_file_range,sendfile,dup,dup2,dup3";

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) began: Micros,
    pub(crate) ended: Micros,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Folder(PathBuf),
    /// A file is there, empty if it was new or is cut to nothing.
    Open {
        path: PathBuf,
        truncate: bool,
    },
    Write {
        path: PathBuf,
        offset: Offset,
        bytes: Vec<u8>,
    },
    Length {
        path: PathBuf,
        length: u64,
    },
    Sync(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink(PathBuf),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Offset {
    At(u64),
    /// Behind what is there.
    End,
}

/// All changes below one folder; paths are relative to it.
pub(crate) struct Recording {
    pub(crate) changes: Vec<Change>,
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let syncs = self.changes.iter().filter(|change| matches!(change.what, What::Sync(_))).count();
        write!(f, "{} changes to files, {syncs} syncs", self.changes.len())
    }
}

/// Reads the traces in a folder, one file a thread, named `service.thread`.
pub(crate) fn read(traces: &Path, root: &Path) -> Recording {
    // Threads of a process share their descriptors, so the lines of each process are read in the order of their time.
    let mut processes: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for entry in fs::read_dir(traces).unwrap() {
        let path = entry.unwrap().path();
        let service = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        processes.entry(service).or_default().extend(text.lines().filter_map(Line::read));
    }
    let mut changes = Vec::new();
    for mut lines in processes.into_values() {
        lines.sort_by_key(|line| line.began);
        let mut process = Process { root, positions: BTreeMap::new() };
        changes.extend(lines.iter().flat_map(|line| process.changes(line)));
    }
    changes.sort_by_key(|change| change.began);
    Recording { changes }
}

/// A system call that succeeded.
struct Line {
    began: Micros,
    ended: Micros,
    name: String,
    arguments: Vec<String>,
    result: String,
}

impl Line {
    /// `1795370407.396236 fdatasync(14</data/db>) = 0 <0.011775>`; nothing for what failed, never ended, or is no call.
    fn read(line: &str) -> Option<Self> {
        let (time, rest) = line.split_once(' ')?;
        let (name, rest) = rest.split_once('(')?;
        let (inside, rest) = rest.rsplit_once(") = ")?;
        let (result, lasted) = rest.rsplit_once(" <")?;
        if result.starts_with('-') || result.starts_with('?') {
            return None;
        }
        let began = micros(time)?;
        let ended = began + micros(lasted.strip_suffix('>')?)?;
        Some(Self { began, ended, name: name.to_owned(), arguments: arguments(inside), result: result.to_owned() })
    }

    fn argument(&self, index: usize) -> &str {
        self.arguments.get(index).unwrap_or_else(|| panic!("{} has no argument {index}", self.name))
    }

    fn number(&self, index: usize) -> u64 {
        self.argument(index).parse().unwrap_or_else(|_| panic!("{}: {}", self.name, self.argument(index)))
    }
}

fn micros(seconds: &str) -> Option<Micros> {
    let (whole, part) = seconds.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 1_000_000 + part.parse::<u64>().ok()?)
}

/// Cuts at commas outside of brackets and braces. Strings hold no commas: every byte of them is written as `\x2c`.
fn arguments(inside: &str) -> Vec<String> {
    let (mut depth, mut found) = (0, vec![String::new()]);
    for letter in inside.chars() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        found.last_mut().unwrap().push(letter);
    }
    found.into_iter().map(|word| word.trim().to_owned()).collect()
}

/// The bytes of `"\x2f\x74"` or of what is between `<` and `>`.
fn bytes(hex: &str) -> Vec<u8> {
    assert!(!hex.ends_with("..."), "strace cut a string short");
    let hex = hex.trim_matches('"');
    hex.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn path(hex: &str) -> PathBuf {
    PathBuf::from(String::from_utf8(bytes(hex)).unwrap())
}

/// `14<\x2f...>`: the descriptor and what it leads to.
fn descriptor(word: &str) -> Option<(&str, PathBuf)> {
    let (number, rest) = word.split_once('<')?;
    Some((number, path(rest.strip_suffix('>').unwrap_or(rest))))
}

/// What is known of one process while its calls are gone through.
struct Process<'a> {
    root: &'a Path,
    /// Where the next `write` of a descriptor goes.
    positions: BTreeMap<String, Offset>,
}

impl Process<'_> {
    fn changes(&mut self, line: &Line) -> Vec<Change> {
        let what = self.what(line);
        what.map(|what| Change { began: line.began, ended: line.ended, what }).into_iter().collect()
    }

    fn inside(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(self.root).ok().map(Path::to_owned)
    }

    /// A path argument, behind the descriptor of the folder that it is relative to.
    fn named(&self, line: &Line, index: usize) -> Option<PathBuf> {
        self.inside(&path(line.argument(index)))
    }

    fn what(&mut self, line: &Line) -> Option<What> {
        match line.name.as_str() {
            "open" => self.opened(line, 0),
            "openat" => self.opened(line, 1),
            "mkdir" => Some(What::Folder(self.named(line, 0)?)),
            "mkdirat" => Some(What::Folder(self.named(line, 1)?)),
            "write" => self.written(line),
            "pwrite64" => {
                let (_, path) = descriptor(line.argument(0))?;
                let offset = Offset::At(line.number(3));
                Some(What::Write { path: self.inside(&path)?, offset, bytes: bytes(line.argument(1)) })
            }
            "ftruncate" => {
                let (_, path) = descriptor(line.argument(0))?;
                Some(What::Length { path: self.inside(&path)?, length: line.number(1) })
            }
            "fsync" | "fdatasync" => Some(What::Sync(self.inside(&descriptor(line.argument(0))?.1)?)),
            "rename" => Some(What::Rename { from: self.named(line, 0)?, to: self.named(line, 1)? }),
            "renameat" | "renameat2" => Some(What::Rename { from: self.named(line, 1)?, to: self.named(line, 3)? }),
            "link" => Some(What::Link { from: self.named(line, 0)?, to: self.named(line, 1)? }),
            "linkat" => Some(What::Link { from: self.named(line, 1)?, to: self.named(line, 3)? }),
            "unlink" | "rmdir" => Some(What::Unlink(self.named(line, 0)?)),
            "unlinkat" => Some(What::Unlink(self.named(line, 1)?)),
            "close" => None,
            // Anything else that changes a file of ours would make the rebuilt disk a lie.
            other => {
                let ours = descriptor(line.argument(0)).and_then(|(_, path)| self.inside(&path));
                assert!(ours.is_none(), "{other} of {ours:?} is not understood");
                None
            }
        }
    }

    fn opened(&mut self, line: &Line, index: usize) -> Option<What> {
        let flags = line.argument(index + 1);
        let path = self.named(line, index)?;
        let (number, _) = descriptor(&line.result)?;
        let offset = if flags.contains("O_APPEND") { Offset::End } else { Offset::At(0) };
        self.positions.insert(number.to_owned(), offset);
        let truncate = flags.contains("O_TRUNC");
        (flags.contains("O_CREAT") || truncate).then_some(What::Open { path, truncate })
    }

    fn written(&mut self, line: &Line) -> Option<What> {
        let (number, path) = descriptor(line.argument(0))?;
        let path = self.inside(&path)?;
        let mut bytes = bytes(line.argument(1));
        bytes.truncate(line.result.parse().unwrap());
        // A log that another process opened and handed on is written behind its end.
        let offset = *self.positions.get(number).unwrap_or(&Offset::End);
        if let Offset::At(at) = offset {
            self.positions.insert(number.to_owned(), Offset::At(at + bytes.len() as u64));
        }
        Some(What::Write { path, offset, bytes })
    }
}

#[test]
fn lines_of_strace_are_understood() {
    let line = r#"1795370407.324725 pwrite64(13<\x2f\x64\x2f\x62>, "\xff\x2c", 2, 96) = 2 <0.000021>"#;
    let line = Line::read(line).unwrap();
    assert_eq!((line.began, line.ended), (1_795_370_407_324_725, 1_795_370_407_324_746));
    let mut process = Process { root: Path::new("/d"), positions: BTreeMap::new() };
    let change = process.changes(&line).pop().unwrap();
    let What::Write { path, offset: Offset::At(96), bytes } = change.what else { panic!("{:?}", change.what) };
    assert_eq!((path, bytes), (PathBuf::from("b"), vec![0xff, b',']));
    for nothing in
        ["1.000001 +++ exited with 0 +++", r#"1.000001 openat(AT_FDCWD, "\x2f") = -1 ENOENT (No) <0.000001>"#]
    {
        assert!(Line::read(nothing).is_none(), "{nothing}");
    }
}
