//! A bar while guests are built and compiled; only on a terminal, and gone when it is done.

use crate::report::Console;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How something of unknown length looks.
const STEP: &str = "{spinner:.cyan} {msg}";
/// How often the bar turns.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far something is. Clones show the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Option<Arc<Mutex<Shown>>>);

#[derive(Debug, Default)]
struct Shown {
    bar: Option<ProgressBar>,
    /// Whether components of an app are being loaded; code that a guest brings comes later.
    is_loading: bool,
    /// What the compiler is at, in the order in which it began.
    compiling: Vec<Compiling>,
}

#[derive(Debug)]
struct Compiling {
    component: String,
    n_kib: usize,
}

impl Progress {
    /// Shown on a live terminal, silent anywhere else.
    pub(crate) fn new(console: Console) -> Self {
        Self(console.is_terminal.then(Arc::default))
    }

    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self(None)
    }

    /// `done` of `total` components are loaded; `component` is next.
    pub(crate) fn loading(&self, component: &str, done: usize, total: usize) {
        if done >= total {
            return self.finish();
        }
        let position = u64::try_from(done).unwrap_or(u64::MAX);
        let length = u64::try_from(total).unwrap_or(u64::MAX);
        self.show(|shown, bar| {
            shown.is_loading = true;
            bar.set_style(style("{spinner:.cyan} [{bar:24}] {pos}/{len} {wide_msg}"));
            bar.set_length(length);
            bar.set_position(position);
            if shown.compiling.is_empty() {
                bar.set_message(format!("loading {component}"));
            }
        });
    }

    /// The compiler begins with this code, beside what it is at. The position of the bar stays.
    pub(crate) fn compiling(&self, component: &str, n_bytes: usize) {
        self.show(|shown, bar| {
            shown.compiling.push(Compiling {
                component: component.to_owned(),
                n_kib: n_bytes.div_ceil(1024),
            });
            bar.set_message(in_words(&shown.compiling));
        });
    }

    /// The compiler is done with this code. The bar goes with the last, unless there is more to load.
    pub(crate) fn compiled(&self, component: &str) {
        let Some(mut shown) = self.lock() else { return };
        let is_it = |one: &Compiling| one.component == component;
        if let Some(place) = shown.compiling.iter().position(is_it) {
            shown.compiling.remove(place);
        }
        if shown.compiling.is_empty() && !shown.is_loading {
            shown.clear();
        } else if let Some(bar) = &shown.bar {
            bar.set_message(in_words(&shown.compiling));
        }
    }

    /// Something of unknown length is at this step.
    pub(crate) fn step(&self, text: &str) {
        self.show(|_, bar| {
            bar.set_style(style(STEP));
            bar.set_message(text.to_owned());
        });
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(mut shown) = self.lock() {
            shown.clear();
        }
    }

    /// Does something with the bar out of the way.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        let shown = self.lock();
        match shown.as_ref().and_then(|shown| shown.bar.as_ref()) {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn show(&self, change: impl FnOnce(&mut Shown, &ProgressBar)) {
        let Some(mut shown) = self.lock() else { return };
        let bar = shown.bar.take().unwrap_or_else(|| {
            let bar = ProgressBar::new_spinner().with_style(style(STEP));
            bar.enable_steady_tick(TICK);
            bar
        });
        change(&mut shown, &bar);
        shown.bar = Some(bar);
    }

    fn lock(&self) -> Option<MutexGuard<'_, Shown>> {
        let shared = self.0.as_ref()?;
        Some(shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shown {
    fn clear(&mut self) {
        if let Some(bar) = std::mem::take(self).bar {
            bar.finish_and_clear();
        }
    }
}

fn in_words(compiling: &[Compiling]) -> String {
    let each = compiling
        .iter()
        .map(|Compiling { component, n_kib }| format!("{component} ({n_kib} KiB)"));
    match compiling {
        [] => String::new(),
        _ => format!("compiling {}", each.collect::<Vec<_>>().join(", ")),
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
        progress.compiled("api");
        progress.step("building");
        progress.loading("", 2, 2);
    }

    /// Everything that the compiler is at is named, and nothing else.
    #[test]
    fn what_is_compiled_at_once_is_named() {
        let progress = Progress(Some(Arc::default()));
        let message = || Some(progress.lock()?.bar.as_ref()?.message());
        progress.loading("api", 0, 2);
        assert_eq!(message().unwrap(), "loading api");
        progress.compiling("api", 5000);
        progress.compiling("store", 1);
        progress.loading("store", 0, 2);
        assert_eq!(message().unwrap(), "compiling api (5 KiB), store (1 KiB)");
        progress.compiled("api");
        assert_eq!(message().unwrap(), "compiling store (1 KiB)");
        progress.compiled("store");
        assert_eq!(message().unwrap(), "");
        progress.loading("", 2, 2);
        assert_eq!(message(), None);

        // What a guest brings later.
        progress.compiling("plugin", 1);
        progress.compiled("plugin");
        assert_eq!(message(), None);
    }
}
