//! A store and its keeper: a process that obeys words, and that takes everything away when this one ends, even by a kill.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running store.
pub struct Keeper {
    child: Child,
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Where it serves, with user and password.
    pub url: String,
}

impl Keeper {
    /// Starts the store that the keeper `script` knows, and waits until it is ready.
    pub(super) fn start(script: &str, options: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        // In a session of its own: whoever ends this process group does not end the keeper before it has cleaned up.
        let mut child = Command::new("setsid")
            .arg(folder.join(script))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("setsid starts");
        let mut keeper = Self {
            input: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().expect("piped")),
            child,
            url: String::new(),
        };
        let told = keeper.answer();
        let Some(url) = told.strip_prefix("ready ") else {
            let mut log = String::new();
            let mut errors = keeper.child.stderr.take().expect("piped");
            let _ = errors.read_to_string(&mut log);
            panic!("{script} does not start; is it installed? (postgresql, redis-server) {told} {log}");
        };
        keeper.url = url.to_owned();
        keeper
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        let (_, rest) = self.url.rsplit_once('@').or(self.url.split_once("//")).expect("a URL");
        rest.split('/').next().expect("an address")
    }

    /// Stops it in an instant, in good order: PostgreSQL in its immediate mode.
    pub fn stop(&mut self) {
        self.tell("stop");
    }

    /// SIGKILL to it and to its children.
    pub fn kill(&mut self) {
        self.tell("kill");
    }

    /// Starts it again at the same place, with what it had written down, and waits until it is ready.
    pub fn resume(&mut self) {
        self.tell("start");
    }

    /// SIGSTOP to it and to its children.
    pub fn freeze(&mut self) {
        self.tell("freeze");
    }

    /// SIGCONT.
    pub fn thaw(&mut self) {
        self.tell("thaw");
    }

    /// Throws away what Redis has saved.
    pub fn empty(&mut self) {
        self.tell("empty");
    }

    /// Leaves no room on the disk of PostgreSQL.
    pub fn fill(&mut self) {
        self.tell("fill");
    }

    /// Makes room again, and starts PostgreSQL again if it could not go on without.
    pub fn spare(&mut self) {
        self.tell("spare");
    }

    fn tell(&mut self, word: &str) {
        let input = self.input.as_mut().expect("is open until the end");
        writeln!(input, "{word}").expect("the keeper listens");
        let told = self.answer();
        assert_eq!(told, format!("done {word}"), "{}", self.url);
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the keeper answers");
        line.trim().to_owned()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The end of its input is the word to clean up.
        self.input = None;
        let _ = self.child.wait();
    }
}
