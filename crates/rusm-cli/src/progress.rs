//! A bar while guests are built and compiled; only on a terminal, and gone when it is done.

use crate::report::Console;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How something of unknown length looks.
const STEP: &str = "{spinner:.cyan} {msg}";
/// How often the bar turns.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far something is. Clones show the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Option<Arc<Mutex<Option<ProgressBar>>>>);

impl Progress {
    /// Shown on a live terminal, silent anywhere else.
    pub(crate) fn new(console: Console) -> Self {
        Self(console.is_terminal.then(Arc::default))
    }

    /// `done` of `total` components are loaded; `component` is next.
    pub(crate) fn loading(&self, component: &str, done: usize, total: usize) {
        if done >= total {
            return self.finish();
        }
        let position = u64::try_from(done).unwrap_or(u64::MAX);
        let length = u64::try_from(total).unwrap_or(u64::MAX);
        self.show(|bar| {
            bar.set_style(style("{spinner:.cyan} [{bar:24}] {pos}/{len} {msg}"));
            bar.set_length(length);
            bar.set_position(position);
            bar.set_message(format!("loading {component}"));
        });
    }

    /// The compiler is at this code. The position of the bar stays.
    pub(crate) fn compiling(&self, component: &str, n_bytes: usize) {
        let n_kib = n_bytes.div_ceil(1024);
        self.show(|bar| bar.set_message(format!("compiling {component} ({n_kib} KiB)")));
    }

    /// Something of unknown length is at this step.
    pub(crate) fn step(&self, text: &str) {
        self.show(|bar| {
            bar.set_style(style(STEP));
            bar.set_message(text.to_owned());
        });
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(shared) = &self.0
            && let Some(bar) = shared.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            bar.finish_and_clear();
        }
    }

    /// Does something with the bar out of the way.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        let Some(shared) = &self.0 else {
            return print();
        };
        let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shared {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn show(&self, change: impl FnOnce(&ProgressBar)) {
        if let Some(shared) = &self.0 {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let bar = shared.get_or_insert_with(|| {
                let bar = ProgressBar::new_spinner().with_style(style(STEP));
                bar.enable_steady_tick(TICK);
                bar
            });
            change(bar);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Colour;

    /// Without a terminal nothing is drawn, and what is printed is printed.
    #[test]
    fn it_is_silent_without_a_terminal() {
        let progress = Progress::new(Console {
            colour: Colour::Off,
            is_terminal: false,
        });
        progress.loading("api", 0, 2);
        progress.step("building");
        assert_eq!(progress.suspend(|| 7), 7);
        progress.finish();
    }

    /// Every template is well-formed.
    #[test]
    fn the_templates_are_sound() {
        let progress = Progress::new(Console {
            colour: Colour::Off,
            is_terminal: true,
        });
        progress.compiling("api", 5000);
        progress.loading("api", 0, 2);
        progress.step("building");
        progress.loading("", 2, 2);
    }
}
