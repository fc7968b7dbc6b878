//! Who answers what the edge does not answer itself.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use wax_httpkit::{Code, Problem, Services};
use wax_telemetry::Tasks;

use crate::Remote;

/// Where requests for services go. Whatever it is, it gets the same request, with a `Context` among its extensions.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// Services in this process.
    Local(Services),
    /// Services in other processes.
    Remote(Remote),
}

impl Upstream {
    /// Asks the services. Runs as a task of its own: a client that goes away does not interrupt work half-way, and a
    /// panic costs one answer. Answers a [`Problem`] of the edge's own as a response extension.
    pub(crate) async fn call(&self, request: http::Request<Body>, tasks: &Tasks) -> Response {
        let upstream = self.clone();
        let asked = tasks.spawn("request", async move {
            match upstream {
                Self::Local(services) => services.answer(request).await,
                Self::Remote(remote) => remote.call(request).await,
            }
        });
        match asked.await {
            Ok(Some(response)) => response,
            // Dropped where it stood, because the time for stopping was up.
            Ok(None) => Problem::new(Code::NoAnswer).into_response(),
            Err(_) => Problem::new(Code::Internal).into_response(),
        }
    }

    /// Closes what it holds open. For when nobody calls any more.
    pub(crate) async fn close(&self) {
        if let Self::Remote(remote) = self {
            remote.close().await;
        }
    }
}
