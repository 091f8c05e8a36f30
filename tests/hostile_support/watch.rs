//! What the helper does, seen from outside by strace: it must run nothing,
//! write nothing but its answer, connect to nothing and open only what it
//! was given.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A run and what it did that it must not do.
pub struct Seen {
    pub output: Output,
    pub wrong: Vec<String>,
    /// Files that were opened.
    pub opened: Vec<PathBuf>,
}

/// Calls that name files, start programs, or send bytes anywhere.
const CALLS: &str = "trace=%file,%process,%network,write,writev,pwrite64,pwritev,ftruncate,fallocate,fchmod,\
                     fchown,sendfile,splice,copy_file_range,memfd_create,io_uring_setup,ptrace,bpf,mount";

/// The bound on the address space, so that a bomb cannot take the machine.
/// Two threads' arenas and stacks are in it, not only what is used.
const ADDRESS_SPACE: &str = "--as=1000000000";

/// Runs the helper in `folder` with a bound on time and memory.
pub fn run(arguments: &[String], folder: &Path) -> Seen {
    program(&crate::support::helper(), arguments, folder)
}

/// The same for any program.
pub fn program(program: &Path, arguments: &[String], folder: &Path) -> Seen {
    let log = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("timeout")
        .args(["--kill-after=5", "60", "prlimit", ADDRESS_SPACE])
        .args(["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-e", "signal=none", "-e", CALLS])
        .arg("-o")
        .arg(log.path())
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("timeout, prlimit and strace are installed");
    let text = std::fs::read(log.path()).unwrap();
    let (wrong, opened) = judge(&String::from_utf8_lossy(&text), arguments, folder);
    Seen { output, wrong, opened }
}

/// What in a trace must not be there, and what was opened.
pub fn judge(text: &str, arguments: &[String], folder: &Path) -> (Vec<String>, Vec<PathBuf>) {
    let (mut wrong, mut opened, mut executed) = (Vec::new(), Vec::new(), 0);
    let given: Vec<PathBuf> = arguments.iter().map(|argument| folder.join(argument)).collect();
    for line in text.lines() {
        let call = line.split_once(' ').map_or("", |(_, rest)| rest.trim_start());
        let name = call.split('(').next().unwrap_or_default();
        let verdict = match name {
            "execve" => {
                executed += 1;
                executed == 1
            }
            "write" | "writev" => call.contains("(1<") || call.contains("(2<") || is_unnamed(call),
            "pwrite64" | "copy_file_range" | "ftruncate" => is_unnamed(call),
            "open" | "openat" | "openat2" => {
                let path = path_of(call, folder);
                let fine = reads_only(call) && may_open(&path, &given);
                opened.push(path);
                fine || is_unnamed_open(call)
            }
            "stat" | "lstat" | "newfstatat" | "statx" | "access" | "faccessat" | "faccessat2"
            | "readlink" | "readlinkat" | "getcwd" | "fstat" | "statfs" => true,
            "clone3" | "clone" => call.contains("CLONE_THREAD"),
            "exit" | "exit_group" | "wait4" | "tgkill" => true,
            // `<... resumed>`, `+++ exited`.
            _ if name.starts_with('<') || name.starts_with("+++") => true,
            _ => false,
        };
        if !verdict {
            wrong.push(format!("did what it must not: {}", call.chars().take(300).collect::<String>()));
        }
    }
    if executed == 0 {
        wrong.push("the trace shows nothing".into());
    }
    (wrong, opened)
}

fn reads_only(call: &str) -> bool {
    call.contains("O_RDONLY") && !call.contains("O_CREAT") && !call.contains("O_TRUNC")
}

/// The private copy of a zip: a file that never has a name.
fn is_unnamed_open(call: &str) -> bool {
    call.contains("O_TMPFILE")
}

/// A write into that copy; strace shows a file without a name as deleted.
fn is_unnamed(call: &str) -> bool {
    call.split(',').next().is_some_and(|first| first.contains("(deleted)"))
        || call.split(',').nth(2).is_some_and(|third| third.contains("(deleted)"))
}

/// `open("name", …)`, `openat(FD</folder>, "name", …)`.
fn path_of(call: &str, folder: &Path) -> PathBuf {
    let name = call.split('"').nth(1).unwrap_or_default();
    let at = call.split('"').next().unwrap_or_default();
    let at = at.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path);
    Path::new(at.unwrap_or(&folder.display().to_string())).join(name)
}

/// Given by the caller, or below what was given; and what the C library and
/// Rust's runtime read at the start of every program.
fn may_open(path: &Path, given: &[PathBuf]) -> bool {
    const RUNTIME: [&str; 5] = [
        "/dev/urandom",
        "/proc/self/maps",
        "/proc/self/cgroup",
        "/proc/self/mountinfo",
        "/proc/sys/vm/overcommit_memory",
    ];
    // How many processors there are is asked of the control groups.
    let quota = path.starts_with("/sys/fs/cgroup")
        && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("cpu."));
    if quota || RUNTIME.iter().any(|known| path == Path::new(known)) {
        return true;
    }
    let Some(root) = given.iter().find(|given| path.starts_with(given)) else { return false };
    let Ok(rest) = path.strip_prefix(root) else { return false };
    let text = rest.to_string_lossy();
    // Of a repository only refs and objects are read, never what steers git.
    let steers =
        ["config", "hooks", "index", "info/grafts", "commit-graph", "multi-pack-index", "logs", "alternates"];
    !text.contains("..")
        && !steers.iter().any(|name| rest.ends_with(name) || text.contains(&format!("{name}/")))
}
