//! Requests that are sent again, to the next node. Every statement here may be sent twice: a read
//! changes nothing, and a conditional write is done once, since it changes what it compares.

use scylla::errors::{DbError, RequestAttemptError};
use scylla::policies::retry::{RequestInfo, RetryDecision, RetryPolicy, RetrySession};

/// Nodes that are asked after the first one.
const MORE_NODES: usize = 2;

/// Asks the next node where this one is at fault. A node that misses a quorum may be: one that has just been started
/// doesn't know of the others yet. The driver's own policy wouldn't ask again for reads at `SERIAL`.
#[derive(Debug)]
pub(super) struct NextNode;

struct Attempts(usize);

impl RetryPolicy for NextNode {
    fn new_session(&self) -> Box<dyn RetrySession> {
        Box::new(Attempts(0))
    }
}

impl RetrySession for Attempts {
    fn decide_should_retry(&mut self, request: RequestInfo<'_>) -> RetryDecision {
        self.0 += 1;
        if is_of_the_node(request.error) && self.0 <= MORE_NODES {
            RetryDecision::RetryNextTarget(None)
        } else {
            RetryDecision::DontRetry
        }
    }

    fn reset(&mut self) {
        self.0 = 0;
    }
}

fn is_of_the_node(error: &RequestAttemptError) -> bool {
    match error {
        RequestAttemptError::BrokenConnectionError(_)
        | RequestAttemptError::UnableToAllocStreamId => true,
        RequestAttemptError::DbError(error, _) => {
            matches!(
                error,
                DbError::Unavailable { .. }
                    | DbError::Overloaded
                    | DbError::IsBootstrapping
                    | DbError::ServerError
            )
        }
        _ => false,
    }
}
