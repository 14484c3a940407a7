//! What happens over and over is counted instead of repeated, and nothing is left out silently.
//!
//! Of each kind a few are shown in every stretch of time; the first of the next stretch says how many
//! were not, and so does a line at the end. Kinds are kept per component, a bounded number of them:
//! a guest that dies of a new reason each time shares one count for all that are too many. What has not
//! happened for a stretch makes room, so a flood hides nothing for longer than it lasts.

use std::collections::BTreeMap;
use std::time::Duration;

/// How many of a kind are shown in a stretch.
pub(super) const SHOWN: u64 = 5;
/// How long a stretch is.
pub(super) const STRETCH: Duration = Duration::from_secs(10);
/// Kinds kept apart per component; what is new beyond them is one kind.
const KINDS_MAX: usize = 8;
/// Components kept apart; what is new beyond them is one component.
const COMPONENTS_MAX: usize = 512;
const OTHER_REASONS: &str = "other reasons";
const OTHER_COMPONENTS: &str = "other components";

/// What to do with something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Show it, and how many like it were not shown before it.
    Show { n_hidden: u64 },
    /// Show it, and say that more of its kind are counted for now.
    ShowLast,
    /// Only count it.
    Hide,
}

/// Something that was not shown every time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    pub(super) component: String,
    pub(super) what: String,
    pub(super) n_times: u64,
    pub(super) n_hidden: u64,
}

/// Counts by component and kind.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    components: BTreeMap<String, BTreeMap<String, Count>>,
}

#[derive(Debug, Default)]
struct Count {
    n_times: u64,
    n_hidden: u64,
    began: Duration,
    n_in_stretch: u64,
    /// Of those hidden, the ones that no line has told of yet.
    n_untold: u64,
}

impl Count {
    /// Whether its last stretch is over.
    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.began) >= STRETCH
    }

    /// Takes over what was hidden of another.
    fn add_hidden(&mut self, other: &Count) {
        if other.n_hidden > 0 {
            self.n_times += other.n_times;
            self.n_hidden += other.n_hidden;
            self.n_untold += other.n_untold;
        }
    }

    fn note(&mut self, now: Duration) -> Verdict {
        self.n_times += 1;
        if self.n_in_stretch == 0 || self.is_over(now) {
            self.began = now;
            self.n_in_stretch = 0;
        }
        self.n_in_stretch += 1;
        if self.n_in_stretch > SHOWN {
            self.n_hidden += 1;
            self.n_untold += 1;
            return Verdict::Hide;
        }
        if self.n_in_stretch == SHOWN {
            return Verdict::ShowLast;
        }
        Verdict::Show {
            n_hidden: std::mem::take(&mut self.n_untold),
        }
    }
}

/// Forgets what has not happened for a stretch. What was hidden of it is told with the other reasons.
fn make_room(kinds: &mut BTreeMap<String, Count>, now: Duration) {
    let is_over = |what: &str, count: &Count| what != OTHER_REASONS && count.is_over(now);
    let mut hidden = Count::default();
    for (_, count) in kinds.extract_if(.., |what, count| is_over(what, count)) {
        hidden.add_hidden(&count);
    }
    if hidden.n_hidden > 0 {
        kinds
            .entry(OTHER_REASONS.to_owned())
            .or_default()
            .add_hidden(&hidden);
    }
}

/// The same for components of which nothing has happened for a stretch.
fn make_room_among(components: &mut BTreeMap<String, BTreeMap<String, Count>>, now: Duration) {
    let is_over = |name: &str, kinds: &BTreeMap<String, Count>| {
        name != OTHER_COMPONENTS && kinds.values().all(|count| count.is_over(now))
    };
    let mut hidden = Count::default();
    for (_, kinds) in components.extract_if(.., |name, kinds| is_over(name, kinds)) {
        kinds.values().for_each(|count| hidden.add_hidden(count));
    }
    if hidden.n_hidden > 0 {
        let others = components.entry(OTHER_COMPONENTS.to_owned()).or_default();
        others
            .entry(OTHER_REASONS.to_owned())
            .or_default()
            .add_hidden(&hidden);
    }
}

impl Repeats {
    /// Takes note of one more, at a time since any fixed moment.
    pub(super) fn note(&mut self, component: &str, what: &str, now: Duration) -> Verdict {
        let components = &mut self.components;
        if !components.contains_key(component) && components.len() >= COMPONENTS_MAX {
            make_room_among(components, now);
        }
        let is_known = components.contains_key(component) || components.len() < COMPONENTS_MAX;
        let component = if is_known {
            component
        } else {
            OTHER_COMPONENTS
        };
        let kinds = components.entry(component.to_owned()).or_default();
        if !kinds.contains_key(what) && kinds.len() >= KINDS_MAX {
            make_room(kinds, now);
        }
        let is_known = kinds.contains_key(what) || kinds.len() < KINDS_MAX;
        let what = if is_known { what } else { OTHER_REASONS };
        kinds.entry(what.to_owned()).or_default().note(now)
    }

    /// What was not shown every time; forgets it.
    pub(super) fn take_hidden(&mut self) -> Vec<Hidden> {
        let mut hidden = Vec::new();
        for (component, kinds) in std::mem::take(&mut self.components) {
            for (
                what,
                Count {
                    n_times, n_hidden, ..
                },
            ) in kinds
            {
                if n_hidden > 0 {
                    hidden.push(Hidden {
                        component: component.clone(),
                        what,
                        n_times,
                        n_hidden,
                    });
                }
            }
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_shown(verdict: &Verdict) -> bool {
        *verdict != Verdict::Hide
    }

    /// A thousand alike at once: five lines, and the whole number at the end.
    #[test]
    fn a_thousand_alike_are_a_few_lines() {
        let mut repeats = Repeats::default();
        let verdicts: Vec<Verdict> = (0..1000)
            .map(|_| repeats.note("parser", "trap", Duration::ZERO))
            .collect();
        assert_eq!(
            verdicts.iter().filter(|verdict| is_shown(verdict)).count(),
            5
        );
        assert_eq!(verdicts[4], Verdict::ShowLast);
        let hidden = Hidden {
            component: "parser".into(),
            what: "trap".into(),
            n_times: 1000,
            n_hidden: 995,
        };
        assert_eq!(repeats.take_hidden(), [hidden]);
        assert_eq!(repeats.take_hidden(), []);
    }

    /// What happens now and then is shown each time, however long the node runs.
    #[test]
    fn what_is_rare_is_always_shown() {
        let mut repeats = Repeats::default();
        for hour in 0..1000 {
            let verdict = repeats.note("api", "trap", Duration::from_secs(hour * 3600));
            assert_eq!(verdict, Verdict::Show { n_hidden: 0 });
        }
        assert_eq!(repeats.take_hidden(), []);
    }

    /// The first line of a new stretch tells what the last one hid.
    #[test]
    fn a_new_stretch_tells_of_the_last() {
        let mut repeats = Repeats::default();
        for _ in 0..20 {
            repeats.note("api", "trap", Duration::ZERO);
        }
        assert_eq!(
            repeats.note("api", "trap", STRETCH),
            Verdict::Show { n_hidden: 15 }
        );
        assert_eq!(
            repeats.note("api", "trap", STRETCH),
            Verdict::Show { n_hidden: 0 }
        );
    }

    /// Different components and different reasons do not hide each other.
    #[test]
    fn kinds_are_apart() {
        let mut repeats = Repeats::default();
        for _ in 0..20 {
            repeats.note("a", "x", Duration::ZERO);
        }
        assert!(is_shown(&repeats.note("a", "y", Duration::ZERO)));
        assert!(is_shown(&repeats.note("b", "x", Duration::ZERO)));
    }

    /// A flood of one stretch hides nothing in the next, and what it hid is told.
    #[test]
    fn a_flood_makes_room_when_it_is_over() {
        let mut repeats = Repeats::default();
        for n in 0..100 {
            for _ in 0..10 {
                repeats.note("hostile", &format!("reason {n}"), Duration::ZERO);
            }
        }
        for component in 0..1_000 {
            for _ in 0..6 {
                repeats.note(&component.to_string(), "x", Duration::ZERO);
            }
        }
        let later = (0..KINDS_MAX).map(|n| repeats.note("hostile", &format!("later {n}"), STRETCH));
        assert!(later.collect::<Vec<_>>().iter().all(is_shown));
        assert!(is_shown(&repeats.note("api", "x", STRETCH)));
        let hidden = repeats.take_hidden();
        let of = |name: &str| {
            hidden
                .iter()
                .filter(|it| it.component == name)
                .map(|it| it.n_hidden)
                .sum::<u64>()
        };
        // Eight kinds of ten with five shown each, and all others together with five.
        assert_eq!(of("hostile"), 8 * 5 + 920 - 5);
        // Each of 511 hid one, and the other 489 share one count.
        assert_eq!(of(OTHER_COMPONENTS), 511 + 489 * 6 - 5);
    }

    /// A guest that dies of a new reason each time fills neither the memory nor the log.
    #[test]
    fn ever_new_reasons_are_bounded() {
        let mut repeats = Repeats::default();
        let shown = (0..10_000u32)
            .filter(|n| is_shown(&repeats.note("hostile", &n.to_string(), Duration::ZERO)))
            .count();
        assert_eq!(shown, KINDS_MAX + 5);
        let shown = (0..10_000u32)
            .filter(|n| is_shown(&repeats.note(&n.to_string(), "x", Duration::ZERO)))
            .count();
        assert_eq!(shown, COMPONENTS_MAX - 1 + 5);
        assert_eq!(repeats.take_hidden().len(), 2);
    }
}
