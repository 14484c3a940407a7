//! Requests and replies.

use super::Actor;
use super::give_up::give_up_after;
use crate::fact::{Fact, LetterId};
use crate::letter::Letter;
use rusm_actor::{CallError, Payload, Pid, Ref};
use std::time::Duration;

impl Actor {
    /// Sends a request and waits for its reply.
    pub async fn call(&mut self, to: Pid, tag: u64, timeout: Option<Duration>) {
        let letter = self.will_call(to, tag, timeout);
        let call = self.context.call(to, tag, letter.write(), timeout);
        let result = call.await;
        self.called(letter.id, result);
    }

    /// Sends a request, and drops the call after so many looks at it.
    pub async fn call_and_give_up(&mut self, to: Pid, tag: u64, n_polls: u64) {
        let letter = self.will_call(to, tag, None);
        let call = self.context.call(to, tag, letter.write(), None);
        match give_up_after(n_polls, call).await {
            Some(result) => self.called(letter.id, result),
            None => self.write(Fact::GaveUp),
        }
    }

    fn will_call(&mut self, to: Pid, tag: u64, timeout: Option<Duration>) -> Letter {
        self.pause();
        let letter = self.new_letter(None);
        let until = timeout.map(|timeout| self.now().saturating_add(timeout));
        self.write(Fact::Calls {
            id: letter.id,
            to: self.target(to),
            tag,
            until,
        });
        letter
    }

    fn called(&self, id: LetterId, result: Result<Payload, CallError>) {
        // A payload that is no letter is no reply to anything.
        let result = result.map(|payload| Letter::read(&payload).map_or(LetterId(0), |to| to.id));
        self.write(Fact::Called { id, result });
    }

    /// Answers a request.
    pub fn reply(&mut self, request: (Ref, LetterId)) {
        self.pause();
        let (request, id) = request;
        self.write(Fact::Replies { id });
        let letter = Letter {
            id,
            ..self.new_letter(None)
        };
        self.context.reply(request, letter.write());
    }
}
