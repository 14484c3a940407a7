//! The figures as lines for programs, `name value unit`, and as a table for people.

use crate::figure::{Benchmark, Figure, shown};
use crate::targets::{Against, Bound, TARGETS, Target};

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    rows: Vec<Row>,
}

/// One line of the table: a benchmark beside one of its counterparts, or alone.
struct Row {
    benchmark: String,
    values: [String; 3],
    unit: &'static str,
    counterpart: String,
    ratio: String,
    target: String,
    verdict: &'static str,
}

impl Report {
    /// Prints the lines of one contest, and keeps its rows for the table.
    pub(crate) fn add(&mut self, figures: Vec<Figure>) {
        figures.iter().for_each(line);
        for figure in &figures {
            let targets = TARGETS
                .iter()
                .filter(|target| target.benchmark == figure.name);
            let mut rows: Vec<Row> = targets
                .filter_map(|target| judged(figure, target, &figures))
                .collect();
            let is_counterpart = ["erlang.", "bare."]
                .iter()
                .any(|who| figure.name.starts_with(who));
            if rows.is_empty() && !is_counterpart {
                rows.push(Row::of(figure));
            }
            self.rows.append(&mut rows);
        }
        self.figures.extend(figures);
    }

    pub(crate) fn print_table(&self) {
        println!(
            "\n{:<36} {:>11} {:>11} {:>11} {:<10}  {:<44} {:>8}  {:<9} verdict",
            "benchmark", "median", "min", "max", "unit", "counterpart", "ratio", "target"
        );
        for row in &self.rows {
            let [median, min, max] = &row.values;
            println!(
                "{:<36} {median:>11} {min:>11} {max:>11} {:<10}  {:<44} {:>8}  {:<9} {}",
                row.benchmark, row.unit, row.counterpart, row.ratio, row.target, row.verdict
            );
        }
        let count = |verdict| {
            self.rows
                .iter()
                .filter(|row| row.verdict == verdict)
                .count()
        };
        println!("\n{} met, {} short", count("met"), count("short"));
    }
}

impl Row {
    fn of(figure: &Figure) -> Self {
        Self {
            benchmark: figure.name.clone(),
            values: [figure.median(), figure.min(), figure.max()].map(shown),
            unit: figure.unit,
            counterpart: String::new(),
            ratio: String::new(),
            target: String::new(),
            verdict: "",
        }
    }
}

/// One target of a benchmark, if its counterpart took part. Prints the lines of the ratio.
fn judged(figure: &Figure, target: &Target, all: &[Figure]) -> Option<Row> {
    let mut row = Row::of(figure);
    let value = match target.against {
        Against::Itself => figure.median(),
        Against::Erlang(_) | Against::Bare(_) | Against::Benchmark(_) => {
            let name = target.against.name();
            let other = all.iter().find(|other| other.name == name)?;
            let ratio = figure.ratio_to(other, format!("{}.ratio_to_{name}", figure.name));
            line(&ratio);
            row.counterpart = format!("{name} {}", shown(other.median()));
            row.ratio = shown(ratio.median());
            ratio.median()
        }
    };
    row.target = target.bound.to_string();
    row.verdict = match (target.bound, target.bound.is_met_by(value)) {
        (Bound::None, _) => "",
        (Bound::AtLeast(_) | Bound::AtMost(_), true) => "met",
        (Bound::AtLeast(_) | Bound::AtMost(_), false) => "short",
    };
    Some(row)
}

fn line(figure: &Figure) {
    let Figure { name, unit, .. } = figure;
    println!("{name} {} {unit}", shown(figure.median()));
    println!("{name}.min {} {unit}", shown(figure.min()));
    println!("{name}.max {} {unit}", shown(figure.max()));
}

/// One benchmark with its targets, without measuring it.
pub(crate) fn list(benchmark: &Benchmark) {
    println!("{} {}", benchmark.name, benchmark.unit.name());
    for target in TARGETS
        .iter()
        .filter(|target| target.benchmark == benchmark.name)
    {
        let name = target.against.name();
        let of = if name.is_empty() { "" } else { " x " };
        println!("    {}{of}{name}", target.bound);
    }
}
