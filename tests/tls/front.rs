//! A front that speaks TLS for a server that does not: PostgreSQL's way of asking for it, or TLS from the first byte.

use super::authority::{Authority, Signed};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// The number with which a client asks for TLS.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// What the front demands of clients.
#[derive(Clone, Copy)]
pub enum Demands<'a> {
    Nothing,
    CertificateOf(&'a Authority),
}

/// Which version the front speaks.
#[derive(Clone, Copy)]
pub enum Speaks {
    Tls12,
    Tls13,
}

/// A front of a server's, listening as long as this lives.
pub struct Front {
    port: u16,
    server: Url,
    carrying: tokio::task::JoinHandle<()>,
}

impl Front {
    pub async fn of(server: &str, shown: &Signed, demands: Demands<'_>, speaks: Speaks) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let version = match speaks {
            Speaks::Tls12 => &TLS12,
            Speaks::Tls13 => &TLS13,
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .expect("a version");
        let builder = match demands {
            Demands::Nothing => builder.with_no_client_auth(),
            Demands::CertificateOf(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate.der().clone()).expect("an authority");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let mut config = builder.with_single_cert(shown.chain(), shown.private_key()).expect("a certificate");
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = Url::parse(server).expect("a URL");
        let behind = (server.host_str().expect("a host").to_owned(), server.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let carrying = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    // A side that goes away or does not like the other ends the connection: nobody to tell.
                    let _ = carry(client, acceptor, behind).await;
                });
            }
        });
        Self { port, server, carrying }
    }

    /// Returns the server's URL by way of the front, under a host's name.
    pub fn url(&self, host: &str, query: &str) -> String {
        let mut url = self.server.clone();
        url.set_host(Some(host)).expect("a host");
        url.set_port(Some(self.port)).expect("a port");
        // Whatever the name means elsewhere.
        format!("{url}?hostaddr=127.0.0.1&{query}")
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(mut client: TcpStream, acceptor: TlsAcceptor, behind: (String, u16)) -> std::io::Result<()> {
    let mut first = [0; 8];
    client.peek(&mut first[..1]).await?;
    let is_direct = first[0] == HANDSHAKE;
    if !is_direct {
        client.read_exact(&mut first).await?;
        if first != ASKS_FOR_TLS {
            let mut server = TcpStream::connect(behind).await?;
            server.write_all(&first).await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await?;
            return Ok(());
        }
        client.write_all(b"S").await?;
    }
    let mut client = match acceptor.accept(client).into_fallible().await {
        Ok(client) => client,
        Err((error, mut client)) => {
            // Until the client has read why: else the system may throw the reason away.
            client.shutdown().await?;
            tokio::io::copy(&mut client, &mut tokio::io::sink()).await?;
            return Err(error);
        }
    };
    let mut server = TcpStream::connect(behind).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
