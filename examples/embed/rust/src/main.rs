//! Runs a script on the core, with wasmi: embed CORE SCRIPT [FOLDER]. Guide: docs/ABI.md; the form of a script:
//! ../../README.md.

mod core;

use crate::core::{Core, Problem, Result, decode, demand, encode};
use serde_json::Value;
use std::{collections::HashMap, env, fs, path::PathBuf, process::ExitCode};

fn compare(what: &str, expected: String, got: String) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Problem::Core(format!("expected {what} {expected}, got {got}"))) }
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Step {
    op: String,
    #[serde(rename = "note")]
    _note: String,
    set: HashMap<String, Value>,
    name: String,
    args: Vec<Value>,
    subnet: Value,
    file: Option<PathBuf>,
    same: Option<PathBuf>,
    save: Option<String>,
    expect: HashMap<String, Value>,
}

/// The core, the numbers that the script has saved, and the folder of its files.
struct Host {
    core: Core,
    saved: HashMap<String, i32>,
    folder: PathBuf,
}

impl Host {
    /// A number that a step gives: itself, or the name that it was saved under.
    fn number(&self, given: &Value) -> Result<i32> {
        let saved = given.as_str().and_then(|name| self.saved.get(name)).map(|&number| number as i64);
        match saved.or(given.as_i64()) {
            Some(number @ -0x8000_0000..0x1_0000_0000) => Ok(number as i32),
            _ => Err(Problem::Script(format!("not a number of 32 bits: {given}"))),
        }
    }

    fn step(&mut self, step: Step) -> Result<()> {
        for (name, value) in &step.set {
            let bytes = encode(name, value)?;
            self.core.view(name, bytes.len())?.copy_from_slice(&bytes);
        }
        let file = step.file.map(|file| self.folder.join(file));
        let result = match step.op.as_str() {
            "call" => {
                let args: Result<Vec<i32>> = step.args.iter().map(|given| self.number(given)).collect();
                self.core.call(&step.name, &args?)?
            }
            "restore" => self.core.restore(&fs::read(file.unwrap_or_default())?)?,
            "snapshot" => {
                let (status, snapshot) = self.core.snapshot(self.number(&step.subnet)?)?;
                if let Some(same) = step.same.filter(|_| status == 0) {
                    compare("bytes", hex::encode(fs::read(self.folder.join(same))?), hex::encode(&snapshot))?;
                }
                if let Some(file) = file.filter(|_| status == 0) {
                    fs::write(file, snapshot)?;
                }
                status
            }
            op => return Err(Problem::Script(format!("unknown op {op}"))),
        };
        if let Some(name) = step.save {
            let number = if step.op == "restore" { self.core.u32("end")? as i32 } else { result };
            self.saved.insert(name, number);
        }
        for (name, value) in &step.expect {
            if name == "result" {
                compare(name, self.number(value)?.to_string(), result.to_string())?;
            } else {
                let expected = encode(name, value)?;
                let got = self.core.view(name, expected.len())?.to_vec();
                compare(name, decode(name, &expected)?, decode(name, &got)?)?;
            }
        }
        Ok(())
    }
}

/// The number of steps that hold.
fn run(args: &[String]) -> Result<usize> {
    let [core, script, folder @ ..] = args else {
        return Err(Problem::Script("usage: embed CORE SCRIPT [FOLDER]".into()));
    };
    let folder = folder.first().map_or(".", String::as_str).into();
    let mut host = Host { core: Core::load(&fs::read(core)?)?, saved: HashMap::new(), folder };
    let mut steps = 0;
    for (index, line) in fs::read_to_string(script)?.split('\n').enumerate().filter(|(_, line)| !line.trim().is_empty())
    {
        let step = serde_json::from_str(line).map_err(Problem::from).and_then(|step| host.step(step));
        step.map_err(|problem| match problem {
            Problem::Core(text) => Problem::Core(format!("line {}: {text}", index + 1)),
            Problem::Script(text) => Problem::Script(format!("line {}: {text}: {line}", index + 1)),
        })?;
        steps += 1;
    }
    demand(steps > 0, "the script has no steps".into())?;
    Ok(steps)
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (code, problem) = match run(&args) {
        Ok(steps) => {
            println!("{steps} steps hold");
            return ExitCode::SUCCESS;
        }
        Err(Problem::Core(text)) => (1, text),
        Err(Problem::Script(text)) => (2, text),
    };
    eprintln!("{problem}");
    ExitCode::from(code)
}
