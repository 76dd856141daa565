//! A small server that speaks OpenAI's `/v1/embeddings`, and misbehaves as it is told to.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest that a test waits for the server's side of things.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub at: Instant,
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
    pub texts: Vec<String>,
    /// Whether the texts came back as vectors.
    pub answered: bool,
}

/// What the server does with a request.
pub enum Reply {
    /// Vectors of this many numbers, as it should be.
    Vectors(usize),
    /// A status, a header and a body.
    Status(u16, &'static str, String),
    /// Success, with this body.
    Body(String),
    /// Success, but the body breaks off in the middle.
    Truncated,
    /// Success, with a body that does not end.
    Endless,
    /// No answer, as long as the client waits.
    Silence,
}

type Behaviour = dyn Fn(usize, &Asked) -> Reply + Send + Sync;

struct Shared {
    asked: Mutex<Vec<Asked>>,
    changed: Condvar,
    behaviour: Box<Behaviour>,
}

/// The server; it stops listening with the test's process.
pub struct EmbeddingServer {
    pub url: String,
    shared: Arc<Shared>,
}

/// Returns the vector of a text: alike for alike texts, and never zero.
pub fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.5; dimensions];
    for (place, byte) in text.bytes().enumerate() {
        vector[place % dimensions] += f32::from(byte) / 100.0;
    }
    vector
}

/// Returns the answer that the protocol wants; the items stand in reverse.
pub fn answer(texts: &[String], dimensions: usize) -> Value {
    let items = texts.iter().enumerate().rev();
    let items: Vec<_> = items
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text, dimensions)}))
        .collect();
    json!({"object": "list", "data": items, "model": "tiny", "usage": {"prompt_tokens": 1, "total_tokens": 1}})
}

impl EmbeddingServer {
    /// Starts a server; `behaviour` is told the request's number, from 0.
    pub fn start(behaviour: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            changed: Condvar::new(),
            behaviour: Box::new(behaviour),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A client that has gone away is no fault of the server's.
                std::thread::spawn(move || serve(client, &shared));
            }
        });
        Self { url, shared }
    }

    /// A server without faults.
    pub fn good(dimensions: usize) -> Self {
        Self::start(move |_, _| Reply::Vectors(dimensions))
    }

    /// Returns what it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked().clone()
    }

    /// Returns the texts that came back as vectors, in order.
    pub fn embedded(&self) -> Vec<String> {
        let answered = self.asked().into_iter().filter(|asked| asked.answered);
        let mut texts: Vec<String> = answered.flat_map(|asked| asked.texts).collect();
        texts.sort();
        texts
    }

    /// Waits until so many requests have come.
    pub fn wait_for(&self, requests: usize) {
        self.shared.wait_for(requests);
    }
}

impl Shared {
    fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for(&self, requests: usize) {
        let (asked, timeout) = self
            .changed
            .wait_timeout_while(self.asked(), PATIENCE, |asked| asked.len() < requests)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "only {} of {requests} requests came", asked.len());
    }
}

fn serve(mut client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "authorization" => authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let texts: Vec<String> = body["input"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(Into::into))
        .collect();
    let asked =
        Asked { at: Instant::now(), path, authorization, body, texts: texts.clone(), answered: false };
    let number = {
        let mut all = shared.asked();
        all.push(asked.clone());
        shared.changed.notify_all();
        all.len() - 1
    };
    match (shared.behaviour)(number, &asked) {
        Reply::Vectors(dimensions) => {
            shared.asked()[number].answered = true;
            respond(&mut client, 200, "X-Well: yes", &answer(&texts, dimensions).to_string())
        }
        Reply::Status(status, header, body) => respond(&mut client, status, header, &body),
        Reply::Body(body) => respond(&mut client, 200, "X-Well: no", &body),
        Reply::Truncated => {
            let body = answer(&texts, 8).to_string();
            write!(
                client,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
                body.len(),
                &body[..body.len() / 2]
            )
        }
        Reply::Endless => {
            write!(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{{\"data\": [{{\"embedding\": [0")?;
            loop {
                client.write_all(&b",0.25".repeat(10_000))?;
            }
        }
        // Until the client closes.
        Reply::Silence => reader.read(&mut [0; 1]).map(drop),
    }
}

fn respond(client: &mut TcpStream, status: u16, header: &str, body: &str) -> std::io::Result<()> {
    write!(
        client,
        "HTTP/1.1 {status} Word\r\nContent-Type: application/json\r\n{header}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
