//! Automatic shutdown: the end of significant children ends their supervisor, and its parent decides what then.

use super::House;
use crate::app::component;
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, GuestPath};
use rusm_core::AppEnd;

/// A helper, and jobs that are over when they are told so, under `inner`; `outer` holds it and a bystander.
fn house(path: GuestPath, auto_shutdown: &str, n_jobs: u32, inner_restart: &str) -> House {
    let manifest = [
        component("bystander", "", "echo"),
        component("helper", "", "echo"),
        component("job", "", "receive then say done"),
        "[supervisors.outer]\nmax-restarts = 5".to_owned(),
        format!(
            "children = [{{ component = \"bystander\" }}, {{ supervisor = \"inner\", restart = \"{inner_restart}\" }}]"
        ),
        format!("[supervisors.inner]\nmax-restarts = 5\nauto-shutdown = \"{auto_shutdown}\""),
        format!(
            "children = [{{ component = \"helper\" }}, {{ component = \"job\", count = {n_jobs}, restart = \"transient\", significant = true }}]"
        ),
    ];
    House::of(path, &manifest)
}

/// Tells the job that its supervisor calls so that it is over.
fn finish(house: &House, job: &str) {
    let pid = house.scenario.recorder.wait_for_start(job, 1);
    Desk::at(&house.scenario.runtime).send(pid, 1, "go");
}

/// OTP statement 136, any-significant: the supervisor stops its other children and ends; a parent that is to
/// restart it only after a crash leaves it ended, and its other children notice nothing.
#[test]
fn auto_shutdown_any() {
    for path in BOTH_PATHS {
        let house = house(path, "any-significant", 1, "transient");
        let before = house.history().len();
        finish(&house, "job");
        house.wait_for_step("end inner");
        let history = house.history().split_off(before);
        assert_eq!(history, ["end job", "stop helper", "end inner"], "{path:?}");
        let bystander = house.scenario.recorder.wait_for_start("bystander", 1);
        Desk::at(&house.scenario.runtime).hears_echo_of(bystander);
    }
}

/// A permanent supervisor that shut down is an ended child like any other: it is started again, with all its
/// children.
#[test]
fn auto_shutdown_of_a_permanent_supervisor() {
    for path in BOTH_PATHS {
        let house = house(path, "any-significant", 1, "permanent");
        let before = house.history().len();
        finish(&house, "job");
        house.scenario.recorder.wait_for_start("inner", 2);
        let expected = [
            "end job",
            "stop helper",
            "end inner",
            "start helper",
            "start job",
            "start inner",
        ];
        assert_eq!(house.history().split_off(before), expected, "{path:?}");
    }
}

/// OTP statement 136, all-significant: each member of a pool counts, and the last one decides.
#[test]
fn auto_shutdown_all() {
    for path in BOTH_PATHS {
        let house = house(path, "all-significant", 2, "temporary");
        let before = house.history().len();
        finish(&house, "job-2");
        house.wait_for_step("end job-2");
        let helper = house.scenario.recorder.wait_for_start("helper", 1);
        Desk::at(&house.scenario.runtime).hears_echo_of(helper);
        finish(&house, "job-1");
        house.wait_for_step("end inner");
        let expected = ["end job-2", "end job-1", "stop helper", "end inner"];
        assert_eq!(house.history().split_off(before), expected, "{path:?}");
    }
}

/// OTP statement 137: a significant child that is started again has not ended for good, and a child that is
/// not significant may end as it likes.
#[test]
fn auto_not() {
    for path in BOTH_PATHS {
        let house = house(path, "any-significant", 1, "transient");
        let before = house.history().len();
        house.kill("job", 1);
        house.kill("helper", 1);
        let expected = ["end job", "start job", "end helper", "start helper"];
        assert_eq!(house.history().split_off(before), expected, "{path:?}");
    }
}

/// Nothing but the significant child keeps the app alive, so its end is the app's, and a good one.
#[test]
fn auto_shutdown_under_the_root() {
    for path in BOTH_PATHS {
        let manifest = [
            component("helper", "", "echo"),
            component("job", "", "receive then say done"),
            "[supervisors.work]\nrestart = \"transient\"\nauto-shutdown = \"any-significant\""
                .to_owned(),
            "children = [{ component = \"helper\" }, { component = \"job\", restart = \"temporary\", significant = true }]".to_owned(),
        ];
        let house = House::of(path, &manifest);
        finish(&house, "job");
        let end = house.app.wait();
        assert!(matches!(end, AppEnd::Finished), "{path:?}: {end:?}");
    }
}
