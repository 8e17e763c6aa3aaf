//! A body that nobody reads to its end costs its connection.
//!
//! Left alone, actix reads the rest of a chunked body whose reader is gone, however long it is and however slowly it
//! comes, so that the connection can be used again: no bound in size and none in time would hold after the answer. It
//! closes where the reader is still there when the answer has been sent. So the answer holds the reader.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use futures_util::Stream;

/// A reader that outlives whoever reads from it.
#[derive(Clone)]
struct Shared(Rc<RefCell<Payload>>);

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// The body of an answer, and the reader of its request.
pub struct Holding {
    body: BoxBody,
    _reader: Option<Shared>,
}

impl MessageBody for Holding {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

/// Middleware around everything.
pub async fn close(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Holding>, actix_web::Error> {
    let reader = match request.take_payload() {
        Payload::None => None,
        payload => {
            let shared = Shared(Rc::new(RefCell::new(payload)));
            let payload = Box::pin(shared.clone());
            request.set_payload(Payload::Stream { payload });
            Some(shared)
        }
    };
    let response = next.call(request).await?.map_into_boxed_body();
    Ok(response.map_body(|_, body| Holding { body, _reader: reader }))
}
