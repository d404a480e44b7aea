//! A model hub on loopback for tests of the window and for scripts, and to try things by hand.
//!
//! ```text
//! hub_server FOLDER [--port N]
//! ```
//!
//! `FOLDER` is as `HubFolder::read` describes it. The first line that it prints is
//! `{"endpoint": "http://127.0.0.1:N", "cdn": "http://127.0.0.1:M"}`. Each line on its standard
//! input is then an object that says what to do, and each is answered by a line: `{"ok": true}`
//! with what was asked for, or `{"error": "..."}`. It ends with its standard input.
//!
//! | line | what it does |
//! |---|---|
//! | `{"faults": {"bytes_per_second": 1000}}` | changes what goes wrong; what is not named stays, `null` takes it away; the names are those of `Faults` |
//! | `{"online": false}` | refuses connections, until `{"online": true}` |
//! | `{"token": "hf_x", "opens": ["owner/name"]}` | knows a token from now on |
//! | `{"read": "owner/name"}` | reads a repository from the folder again, in the place of the one it had |
//! | `{"commit": "owner/name"}` | the same as a new commit, so that `main` moves and the commit before stays |
//! | `{"remove": "owner/name"}` | takes a repository away |
//! | `{"requests": true}` | answers with `requests`, all so far; `false` forgets them instead |

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use braincells_testing::hub_server::{HubFolder, HubServer};
use serde_json::{Value, json};

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "hub_server: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<(PathBuf, u16), String> {
    let (mut folder, mut port) = (None, 0);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--port" => {
                let value = arguments.next().ok_or("--port wants a value")?;
                port = value.parse().map_err(|error| format!("--port {value}: {error}"))?;
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}"));
            }
            name => folder = Some(PathBuf::from(name)),
        }
    }
    Ok((folder.ok_or("which folder?")?, port))
}

fn serve() -> Result<(), String> {
    let (folder, port) = options(std::env::args().skip(1))?;
    let named = |error: io::Error| format!("{}: {error}", folder.display());
    let hub = HubFolder::read(&folder).map_err(named)?;
    let server = HubServer::start_at(hub, port).map_err(|error| error.to_string())?;
    say(&json!({"endpoint": server.endpoint(), "cdn": server.cdn()}))?;
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        if line.trim().is_empty() {
            continue;
        }
        let done = serde_json::from_str(&line).map_err(|error| error.to_string());
        let done = done.and_then(|command: Value| obey(&server, &folder, &command));
        say(&done.unwrap_or_else(|error| json!({"error": error})))?;
    }
    Ok(())
}

/// A line for whoever started it.
fn say(line: &Value) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}

fn obey(server: &HubServer, folder: &Path, command: &Value) -> Result<Value, String> {
    let entries = command.as_object().ok_or("a command is an object")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("a name is wanted");
    let read =
        |id: &str| HubFolder::read_repository(folder, id).map_err(|error| format!("{id}: {error}"));
    let mut said = json!({"ok": true});
    for (name, value) in entries {
        match name.as_str() {
            "faults" => {
                let faults = server.faults().changed_by(value)?;
                server.set_faults(|now| *now = faults);
            }
            "online" if value == false => server.go_offline(),
            "online" => server.go_online().map_err(|error| error.to_string())?,
            "token" => {
                let opens = command["opens"].as_array().cloned().unwrap_or_default();
                let opens: Vec<&str> = opens.iter().filter_map(Value::as_str).collect();
                server.set_token(&text(value)?, &opens);
            }
            "opens" => {}
            "read" => server.put(read(&text(value)?)?),
            "commit" => {
                let id = text(value)?;
                let newer = read(&id)?;
                if !server.has(&id) {
                    return Err(format!("there is no {id}"));
                }
                server.change(&id, |repository| repository.then(newer.files().to_vec()));
            }
            "remove" => server.remove(&text(value)?),
            "requests" if value == false => server.forget_requests(),
            "requests" => said["requests"] = json!(server.requests()),
            _ => return Err(format!("there is no command `{name}`")),
        }
    }
    Ok(said)
}
