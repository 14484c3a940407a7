//! A figure of several rounds: a line that a program can read, `name median unit min max`.

use std::time::Duration;

pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    /// In order.
    values: Vec<f64>,
}

impl Figure {
    pub(crate) fn of(name: &str, unit: &'static str, values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self {
            name: name.to_owned(),
            unit,
            values,
        }
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(self.values.len() / 2)
    }

    pub(crate) fn print(&self) {
        let (median, min) = (self.median(), self.at(0));
        let max = self.at(self.values.len().saturating_sub(1));
        println!("{} {median:.0} {} {min:.0} {max:.0}", self.name, self.unit);
    }

    fn at(&self, index: usize) -> f64 {
        self.values.get(index).copied().unwrap_or(f64::NAN)
    }
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// In thousandths.
pub(crate) fn percentile(times: &mut [Duration], thousandths: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    let index = (times.len() * thousandths / 1_000).min(last);
    times.get(index).copied().unwrap_or_default()
}
