//! What a receive looks for: [`Selector`].

use super::Event;
use crate::{Pid, Reference};

/// An event matches when every condition that is set matches; with none set, any event does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub(crate) tags: Option<Vec<u64>>,
    pub(crate) sender: Option<Pid>,
    pub(crate) monitor: Option<Reference>,
}

impl Selector {
    /// Any event.
    pub fn any() -> Self {
        Self::default()
    }

    /// Messages and requests with one of these tags. Exits and downs have none and do not match.
    pub fn tags(mut self, tags: impl IntoIterator<Item = u64>) -> Self {
        self.tags = Some(tags.into_iter().collect());
        self
    }

    /// Events from, or about, this process.
    pub fn sender(mut self, sender: Pid) -> Self {
        self.sender = Some(sender);
        self
    }

    /// The `Down` event of this monitor.
    pub fn monitor(mut self, monitor: Reference) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// Whether a receive with this selector takes the event.
    pub(crate) fn matches(&self, event: &Event) -> bool {
        let (tag, sender, monitor) = match event {
            Event::Message(message) => (Some(message.tag), message.sender, None),
            Event::Request(request) => (Some(request.tag), request.sender, None),
            Event::Exit(exit) => (None, exit.sender, None),
            Event::Down(down) => (None, down.process, Some(down.monitor)),
        };
        let has_tag = |tags: &Vec<u64>| tag.is_some_and(|tag| tags.contains(&tag));
        self.tags.as_ref().is_none_or(has_tag)
            && self.sender.is_none_or(|wanted| wanted == sender)
            && self.monitor.is_none_or(|wanted| Some(wanted) == monitor)
    }

    /// The selector, if it has a condition at all.
    pub(crate) fn if_any(&self) -> Option<&Self> {
        let is_any = self.tags.is_some() || self.sender.is_some() || self.monitor.is_some();
        is_any.then_some(self)
    }
}
