//! A wire to a server that fails after so many bytes: cut, stalled, or closed in one direction.

use super::random::Random;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use url::Url;

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Both directions end at once.
    Cut,
    /// Nothing passes any more in one direction; after a while the connection is cut, as by a firewall.
    Stall,
    /// The receiver is told that no more comes in one direction; the other one stays open.
    HalfClose,
}

/// When and how a connection fails.
#[derive(Debug, Clone, Copy)]
struct Plan {
    fault: Fault,
    /// Whether it strikes what the client sends, or what the server does.
    is_upwards: bool,
    /// After how many bytes of that direction.
    after: usize,
}

/// How long a stalled connection stays before it is cut.
const STALL: Duration = Duration::from_millis(300);

/// A listening wire; it carries bytes as long as this lives.
pub struct FaultyWire {
    /// The server's URL with the wire's own address.
    pub url: String,
    state: Arc<State>,
    carrying: tokio::task::JoinHandle<()>,
}

struct State {
    random: Mutex<Random>,
    struck: AtomicUsize,
    is_healed: AtomicBool,
}

impl FaultyWire {
    /// Lays a wire to the server that a URL names.
    pub async fn to(url: &str, random: Random) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let state = Arc::new(State {
            random: Mutex::new(random),
            struck: AtomicUsize::new(0),
            is_healed: AtomicBool::new(false),
        });
        let carrying = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let (state, server) = (Arc::clone(&state), server.clone());
                    tokio::spawn(async move {
                        let Ok(server) = TcpStream::connect(server).await else { return };
                        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
                        carry(client, server, &state).await;
                    });
                }
            }
        });
        Self { url: url.into(), state, carrying }
    }

    /// Returns how many connections have failed so far.
    pub fn struck(&self) -> usize {
        self.state.struck.load(Ordering::Relaxed)
    }

    /// Lets every connection live that is made from now on.
    pub fn heal(&self) {
        self.state.is_healed.store(true, Ordering::Relaxed);
    }
}

impl Drop for FaultyWire {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

impl State {
    fn plan(&self) -> Option<Plan> {
        if self.is_healed.load(Ordering::Relaxed) {
            return None;
        }
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Plan {
            fault: *random.of(&[Fault::Cut, Fault::Cut, Fault::Stall, Fault::HalfClose]),
            is_upwards: random.one_in(2),
            // A start takes about a thousand bytes, a decision some thousands.
            after: random.bytes(4, 17),
        })
    }
}

async fn carry(client: TcpStream, server: TcpStream, state: &State) {
    let plan = state.plan();
    let (from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let over = Notify::new();
    let up = plan.filter(|plan| plan.is_upwards);
    let down = plan.filter(|plan| !plan.is_upwards);
    let carrying = async {
        tokio::join!(
            one_way(from_client, &mut to_server, up, state, &over),
            one_way(from_server, &mut to_client, down, state, &over)
        )
    };
    // Whichever comes first; the sockets close with the end of this.
    tokio::select! {
        _ = carrying => {}
        () = over.notified() => {}
    }
}

/// Carries one direction to its end or to its fault.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    to: &mut OwnedWriteHalf,
    plan: Option<Plan>,
    state: &State,
    over: &Notify,
) {
    let mut left = plan.map(|plan| plan.after);
    let mut chunk = vec![0; 1 << 14];
    loop {
        let most = left.map_or(chunk.len(), |left| left.min(chunk.len()));
        if most == 0 {
            break;
        }
        // A side that has gone away ends this direction.
        let length = from.read(&mut chunk[..most]).await.unwrap_or(0);
        if length == 0 || to.write_all(&chunk[..length]).await.is_err() {
            let _ = to.shutdown().await;
            return;
        }
        left = left.map(|left| left - length);
    }
    state.struck.fetch_add(1, Ordering::Relaxed);
    match plan.map(|plan| plan.fault) {
        Some(Fault::Cut) => over.notify_one(),
        Some(Fault::Stall) => {
            tokio::time::sleep(STALL).await;
            over.notify_one();
        }
        Some(Fault::HalfClose) | None => {
            let _ = to.shutdown().await;
        }
    }
}
