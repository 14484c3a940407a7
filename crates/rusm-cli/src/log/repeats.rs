//! What happens over and over is counted instead of repeated, and nothing is left out silently.
//!
//! The first few of a kind are shown, then every power of ten with its count, and at the end a line
//! says how many there were. Kinds are kept per component, a bounded number of them: a guest that
//! dies of a new reason each time shares one count for all that are too many.

use std::collections::BTreeMap;

/// How many of a kind are shown before counting begins.
pub(super) const SHOWN: u64 = 5;
/// Kinds kept apart per component; what is new beyond them is one kind.
const KINDS_MAX: usize = 8;
/// Components kept apart; what is new beyond them is one component.
const COMPONENTS_MAX: usize = 512;

/// What to do with something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Show it.
    Show,
    /// Show it, and say that its like are counted from now on.
    ShowLast,
    /// Show how many there were.
    Count(u64),
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
    components: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Repeats {
    const OTHERS: &'static str = "other reasons";

    /// Takes note of one more.
    pub(super) fn note(&mut self, component: &str, what: &str) -> Verdict {
        let is_known = self.components.contains_key(component) || self.components.len() < COMPONENTS_MAX;
        let kinds = self.components.entry(if is_known { component } else { "other components" }.to_owned()).or_default();
        let is_known = kinds.contains_key(what) || kinds.len() < KINDS_MAX;
        let n_times = kinds.entry(if is_known { what } else { Self::OTHERS }.to_owned()).or_default();
        *n_times += 1;
        match *n_times {
            SHOWN => Verdict::ShowLast,
            n_times if n_times < SHOWN => Verdict::Show,
            n_times if is_power_of_ten(n_times) => Verdict::Count(n_times),
            _ => Verdict::Hide,
        }
    }

    /// What was not shown every time; forgets it.
    pub(super) fn take_hidden(&mut self) -> Vec<Hidden> {
        let mut hidden = Vec::new();
        for (component, kinds) in std::mem::take(&mut self.components) {
            for (what, n_times) in kinds.into_iter().filter(|(_, n_times)| *n_times > SHOWN) {
                hidden.push(Hidden { component: component.clone(), what, n_times, n_hidden: n_times - SHOWN });
            }
        }
        hidden
    }
}

fn is_power_of_ten(mut number: u64) -> bool {
    while number >= 10 && number.is_multiple_of(10) {
        number /= 10;
    }
    number == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand alike: five lines, a count at 10, 100 and 1000, and the whole number at the end.
    #[test]
    fn a_thousand_alike_are_a_few_lines() {
        let mut repeats = Repeats::default();
        let verdicts: Vec<Verdict> = (0..1000).map(|_| repeats.note("parser", "trap")).collect();
        let shown = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Show | Verdict::ShowLast)).count();
        assert_eq!(shown, 5);
        assert_eq!(verdicts[4], Verdict::ShowLast);
        let counts: Vec<_> = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Count(_))).collect();
        assert_eq!(counts, [&Verdict::Count(10), &Verdict::Count(100), &Verdict::Count(1000)]);
        let hidden = Hidden { component: "parser".into(), what: "trap".into(), n_times: 1000, n_hidden: 995 };
        assert_eq!(repeats.take_hidden(), [hidden]);
        assert_eq!(repeats.take_hidden(), []);
    }

    /// Different components and different reasons do not hide each other.
    #[test]
    fn kinds_are_apart() {
        let mut repeats = Repeats::default();
        for _ in 0..20 {
            repeats.note("a", "x");
        }
        assert_eq!(repeats.note("a", "y"), Verdict::Show);
        assert_eq!(repeats.note("b", "x"), Verdict::Show);
    }

    /// A guest that dies of a new reason each time fills neither the memory nor the log.
    #[test]
    fn ever_new_reasons_are_bounded() {
        let mut repeats = Repeats::default();
        let shown = (0..10_000u32).filter(|n| repeats.note("hostile", &n.to_string()) == Verdict::Show).count();
        assert!(shown < 20, "{shown}");
        let shown = (0..10_000u32).filter(|n| repeats.note(&n.to_string(), "x") == Verdict::Show).count();
        assert!(shown < 520, "{shown}");
        assert_eq!(repeats.take_hidden().len(), 2);
    }
}
