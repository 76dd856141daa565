//! A wire between gapdeck and a server that writes down every statement that the server is to run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// A statement as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    pub text: String,
    /// Whether it was sent in the extended protocol, with parameters apart from the text.
    pub is_prepared: bool,
}

/// A statement with its parameters.
#[derive(Debug, Clone)]
pub struct Bound {
    pub statement: Statement,
    /// The types' object identifiers, as far as the client named them; 0 for one that it left to the server.
    pub types: Vec<u32>,
    /// The values, in the formats that the client chose; none for null.
    pub parameters: Vec<Option<Vec<u8>>>,
}

/// A prepared statement: its text and the types that the client named.
type Prepared = (String, Vec<u32>);

/// A listening wire; it carries bytes as long as this lives.
pub struct Wire {
    /// The server's URL with the wire's own address.
    pub url: String,
    seen: Arc<Mutex<Vec<Bound>>>,
    carrying: tokio::task::JoinHandle<()>,
}

/// The protocol version 3.0; requests for TLS and to cancel have other numbers.
const PROTOCOL: u32 = 196_608;

impl Wire {
    /// Lays a wire to the server that a URL names.
    pub async fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let seen: Arc<Mutex<Vec<Bound>>> = Arc::default();
        let carrying = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let (seen, server) = (Arc::clone(&seen), server.clone());
                    tokio::spawn(async move {
                        let Ok(server) = TcpStream::connect(server).await else { return };
                        // Each message goes on at once: a held-back one costs 40 ms.
                        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
                        // A side that has gone away ends the connection: nobody to tell.
                        let _ = carry(client, server, &seen).await;
                    });
                }
            }
        });
        Self { url: url.into(), seen, carrying }
    }

    /// Takes what was run since the last time.
    pub fn take(&self) -> Vec<Statement> {
        self.take_bound().into_iter().map(|bound| bound.statement).collect()
    }

    /// Takes what was run since the last time, with the parameters.
    pub fn take_bound(&self) -> Vec<Bound> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the texts of what was run since the last time.
    pub fn texts(&self) -> Vec<String> {
        self.take().into_iter().map(|statement| statement.text).collect()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(client: TcpStream, server: TcpStream, seen: &Mutex<Vec<Bound>>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    // Packets without a type come first: perhaps a request for TLS, which a server without it refuses, then the start.
    loop {
        let length = from_client.read_u32().await?;
        let version = from_client.read_u32().await?;
        let mut rest = vec![0; length.saturating_sub(8) as usize];
        from_client.read_exact(&mut rest).await?;
        to_server.write_u32(length).await?;
        to_server.write_u32(version).await?;
        to_server.write_all(&rest).await?;
        if version == PROTOCOL {
            break;
        }
    }
    let mut prepared = HashMap::new();
    loop {
        let kind = from_client.read_u8().await?;
        let length = from_client.read_u32().await?;
        let mut body = vec![0; length.saturating_sub(4) as usize];
        from_client.read_exact(&mut body).await?;
        if let Some(statement) = statement(kind, &body, &mut prepared) {
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
        }
        to_server.write_u8(kind).await?;
        to_server.write_u32(length).await?;
        to_server.write_all(&body).await?;
        if kind == b'X' {
            let _ = back.await;
            return Ok(());
        }
    }
}

/// Returns the statement that a message makes the server run; `prepared` are this connection's, by name.
fn statement(kind: u8, body: &[u8], prepared: &mut HashMap<String, Prepared>) -> Option<Bound> {
    let mut texts = body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    match kind {
        // Query: the text.
        b'Q' => {
            let statement = Statement { text: texts.next()?, is_prepared: false };
            Some(Bound { statement, types: Vec::new(), parameters: Vec::new() })
        }
        // Parse: a name, the text and the types: how many, and each in four bytes.
        b'P' => {
            let (name, text) = (texts.next()?, texts.next()?);
            let types = body.get(name.len() + text.len() + 4..)?;
            let types =
                types.chunks_exact(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
            prepared.insert(name, (text, types.collect()));
            None
        }
        // Bind: a portal's name, a statement's, and the parameters.
        b'B' => {
            let (portal, name) = (texts.next()?, texts.next()?);
            let (text, types) = prepared.get(&name)?.clone();
            let statement = Statement { text, is_prepared: true };
            let parameters = parameters(body.get(portal.len() + name.len() + 2..)?)?;
            Some(Bound { statement, types, parameters })
        }
        _ => None,
    }
}

/// Reads the rest of a Bind message: how many formats, these, how many parameters, and each with its length before it.
fn parameters(rest: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
    let short = |at: usize| Some(usize::from(u16::from_be_bytes(rest.get(at..at + 2)?.try_into().ok()?)));
    let mut at = 2 + 2 * short(0)?;
    let count = short(at)?;
    at += 2;
    let mut parameters = Vec::with_capacity(count);
    for _ in 0..count {
        let length = i32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?);
        at += 4;
        parameters.push(match usize::try_from(length) {
            Ok(length) => {
                at += length;
                Some(rest.get(at - length..at)?.to_vec())
            }
            Err(_) => None,
        });
    }
    Some(parameters)
}
