//! The real binary as a process: started, told to end, killed.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Folder, ISSUER};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a command left behind.
#[derive(Debug)]
pub struct Told {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Told {
    /// One sentence on standard error that has all of `words`, exit code 2, nothing on standard output.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("countersign: "), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {self:?}");
        }
    }
}

/// The binary, without any variable of ours.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") {
            command.env_remove(name);
        }
    }
    command.env("COUNTERSIGN_LOG__LEVEL", "warn");
    command
}

/// The binary with `arguments`, on the stores that several servers share.
pub fn command(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = binary();
    command.args(arguments).envs(folder.variables());
    command
}

/// Runs a command to its end; one that does not end is a failure.
pub fn run(mut command: Command, input: &str) -> Told {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    // A command that refuses its arguments closes its end before reading.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let started = Instant::now();
    while child.try_wait().expect("is ours").is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("the command does not end: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("ends");
    Told {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Throttles so wide that a load test from one address never meets them, and windows wider than a restart takes.
pub fn limits_raised(command: &mut Command) {
    for bucket in [
        "ADDRESS",
        "EMAIL_ADDRESS",
        "EMAIL_BROWSER",
        "EMAIL",
        "CLIENT_ADDRESS",
        "MAIL_RECIPIENT",
        "MAIL_ADDRESS",
    ] {
        command.env(format!("COUNTERSIGN_LIMITS__{bucket}__BURST"), "1000000000");
    }
    command.env("COUNTERSIGN_LIMITS__LONGEST_DELAY", "0s");
    command.env("COUNTERSIGN_DEFINE__LIFETIMES__REFRESH_RETRY", "60s");
    command.env("COUNTERSIGN_DEFINE__LIFETIMES__CODE", "600s");
}

/// A server that runs; it is killed when this is dropped.
pub struct Process {
    child: Child,
    /// The line that it printed when it was ready.
    pub ready: Value,
    /// From the start to that line.
    pub took: Duration,
    rest: Option<JoinHandle<String>>,
}

impl Process {
    /// `countersign dev` on a free port, with an issuer that stays the same over restarts.
    pub fn dev(data: &Path) -> Self {
        let mut command = Self::command(data);
        limits_raised(&mut command);
        Self::start(command, data)
    }

    /// `countersign serve` on shared stores and a free port, with limits raised; `variables` win.
    pub fn serve(folder: &Folder, variables: &[(&str, &str)]) -> Self {
        let mut command = command(folder, &["serve"]);
        limits_raised(&mut command);
        command.envs(variables.iter().copied());
        Self::start(command, &folder.path())
    }

    /// The command of [`Process::dev`], without its limits raised.
    pub fn command(data: &Path) -> Command {
        let mut command = binary();
        command
            .args(["dev", "--listen", "127.0.0.1:0", "--issuer", ISSUER, "--data"])
            .arg(data);
        command
    }

    /// Starts any command that prints a line when it is ready; its log goes to `stderr.log` beside the data.
    pub fn start(mut command: Command, data: &Path) -> Self {
        let log = data.with_extension("stderr.log");
        let log = OpenOptions::new().create(true).append(true).open(log).expect("opens");
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("starts");
        let (tell, told) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        let rest = std::thread::spawn(move || read(lines, &tell));
        let Ok(ready) = told.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let log = std::fs::read_to_string(data.with_extension("stderr.log"));
            panic!("the server is not ready: {:?} {log:?}", child.wait());
        };
        Self {
            child,
            ready,
            took: started.elapsed(),
            rest: Some(rest),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        self.ready["address"].as_str().expect("an address")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL; afterwards it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("is ours");
        self.child.wait().expect("is ours");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Any signal.
    pub fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.id());
        let sent = Command::new("sh").args(["-c", &script]).status().expect("a shell");
        assert!(sent.success(), "{sent}");
    }

    /// Waits for its end; how it ended, and what it printed after the ready line.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("is ours") {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let rest = self.rest.take().expect("is read once").join().expect("reads");
        (status, rest)
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().expect("is ours").is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells the first line in JSON, and collects what follows.
fn read(lines: BufReader<ChildStdout>, tell: &mpsc::Sender<Value>) -> String {
    let mut lines = lines.lines().map_while(Result::ok);
    if let Some(ready) = lines.by_ref().find_map(|line| serde_json::from_str(&line).ok()) {
        let _ = tell.send(ready);
    }
    lines.collect::<Vec<_>>().join("\n")
}
