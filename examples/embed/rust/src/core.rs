//! The core as a Rust value: calls by name, memory by the places of docs/ABI.md, snapshot and restore. main.rs is the
//! script.

use serde_json::Value;
use wasmi::{Engine, Instance, Linker, Module, Store, Val};

/// What is wrong: with the core, or with the script.
pub enum Problem {
    Core(String),
    Script(String),
}
impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Problem::Script(error.to_string())
    }
}
pub type Result<T> = std::result::Result<T, Problem>;

pub fn demand(condition: bool, reason: String) -> Result<()> {
    if condition { Ok(()) } else { Err(Problem::Script(reason)) }
}
const WINDOW: usize = 65536;
/// What stands in a place of the memory.
enum Kind {
    Number,
    Text,
    Hex,
}
/// The area, the offset in it, the size in bytes, and the kind of a place.
fn place(name: &str) -> Result<(&'static str, usize, usize, Kind)> {
    Ok(match name {
        "ordinal" => ("io", 0, 16, Kind::Number),
        "time" => ("io", 16, 8, Kind::Number),
        "state" => ("io", 24, 4, Kind::Number),
        "length" => ("io", 28, 4, Kind::Number),
        "position" => ("io", 32, 4, Kind::Number),
        "end" => ("io", 36, 4, Kind::Number),
        "identity" => ("io", 64, 255, Kind::Text),
        "other" => ("io", 320, 255, Kind::Text),
        "io" => ("io", 0, 576, Kind::Hex),
        "window" => ("window", 0, WINDOW, Kind::Hex),
        _ => return Err(Problem::Script(format!("there is no place {name}"))),
    })
}

/// The bytes that a value has in memory.
pub fn encode(name: &str, value: &Value) -> Result<Vec<u8>> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (_, _, size, kind) = place(name)?;
    Ok(match kind {
        Kind::Text => text.into_bytes(),
        Kind::Hex => hex::decode(text)?,
        Kind::Number => {
            let bytes = text.parse::<u128>()?.to_le_bytes();
            demand(
                bytes[size..].iter().all(|&byte| byte == 0) && !text.starts_with('+'),
                format!("{name} cannot be {text}"),
            )?;
            bytes[..size].to_vec()
        }
    })
}

/// The reverse.
pub fn decode(name: &str, memory: &[u8]) -> Result<String> {
    Ok(match place(name)?.3 {
        Kind::Text => String::from_utf8_lossy(memory).into_owned(),
        Kind::Hex => hex::encode(memory),
        Kind::Number => memory.iter().rev().fold(0u128, |number, &byte| number << 8 | byte as u128).to_string(),
    })
}

/// One instance of the core.
pub struct Core {
    store: Store<()>,
    instance: Instance,
}

impl Core {
    pub fn load(wasm: &[u8]) -> Result<Core> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &Module::new(&engine, wasm)?)?;
        let mut core = Core { store, instance };
        let version = core.call("abi_version", &[])?;
        demand(version == 1, format!("version {version} of the ABI is not known here"))?;
        Ok(core)
    }

    /// Answers 0 where the export has no result.
    pub fn call(&mut self, name: &str, args: &[i32]) -> Result<i32> {
        let function = self.instance.get_func(&self.store, name);
        let function = function.filter(|function| function.ty(&self.store).params().len() == args.len());
        let function = function.ok_or(Problem::Script(format!("no call {name} of {} arguments", args.len())))?;
        let args: Vec<Val> = args.iter().map(|&arg| Val::I32(arg)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function.call(&mut self.store, &args, &mut results).map_err(|trap| Problem::Core(trap.to_string()))?;
        Ok(results.first().and_then(Val::i32).unwrap_or(0))
    }

    /// The first bytes of a place, as the memory is now.
    pub fn view(&mut self, name: &str, size: usize) -> Result<&mut [u8]> {
        let (area, offset, most, _) = place(name)?;
        demand(size <= most, format!("{name} has no {size} bytes"))?;
        let start = self.call(area, &[])? as u32 as usize + offset;
        let memory = self.instance.get_memory(&self.store, "memory").expect("docs/ABI.md");
        Ok(&mut memory.data_mut(&mut self.store)[start..start + size])
    }

    pub fn u32(&mut self, name: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.view(name, 4)?.try_into()?))
    }

    /// The last status: 1 when io.end is the number of a new subnet.
    pub fn restore(&mut self, mut snapshot: &[u8]) -> Result<i32> {
        self.call("restore_begin", &[])?;
        let (mut status, mut taken) = (0, 1);
        while status == 0 && taken > 0 {
            let piece = &snapshot[..snapshot.len().min(WINDOW)];
            self.view("window", piece.len())?.copy_from_slice(piece);
            status = self.call("restore_feed", &[piece.len() as i32])?;
            taken = self.u32("position")? as usize;
            snapshot = &snapshot[taken..];
        }
        if status == 0 {
            self.call("restore_abort", &[])?;
        }
        Ok(status)
    }

    pub fn snapshot(&mut self, subnet: i32) -> Result<(i32, Vec<u8>)> {
        let (status, mut snapshot) = (self.call("snapshot_begin", &[subnet])?, Vec::new());
        while status == 0 {
            let size = self.call("snapshot_next", &[])?;
            if size == 0 {
                break;
            }
            snapshot.extend_from_slice(self.view("window", size as usize)?);
        }
        Ok((status, snapshot))
    }
}
