//! Environment variables: by name or prefix, and nothing else.

use crate::app::{boot, component};
use crate::support::{BOTH_PATHS, Scenario};
use std::collections::BTreeMap;

const VARIABLES: [(&str, &str); 4] = [
    ("RUSM_TEST_KEY", "key"),
    ("RUSM_TEST_KEY_OF_OTHERS", "other key"),
    ("RUSM_TEST_APP_ONE", "1"),
    ("RUSM_TEST_APP_TWO", "2"),
];

#[test]
fn only_variables_that_are_named_are_there() {
    for path in BOTH_PATHS {
        let variables = VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let scenario = Scenario::with(|builder| builder.env(BTreeMap::from(variables)));
        let script =
            "environment then env RUSM_TEST_KEY then env RUSM_TEST_KEY_OF_OTHERS then env PATH";
        let manifest = [
            component("named", "capability = \"named\"\nrestart = \"temporary\"", script),
            component("nothing", "restart = \"temporary\"", script),
            "[capabilities.named]\nenv = [\"RUSM_TEST_KEY\", \"RUSM_TEST_APP_*\", \"RUSM_TEST_MISSING\"]".to_owned(),
        ];
        let app = boot(&scenario, path, &manifest.join("\n"));
        app.wait();
        let missing = "env=error:environment variable not found";
        let names = "environment=ok:RUSM_TEST_APP_ONE RUSM_TEST_APP_TWO RUSM_TEST_KEY";
        assert_eq!(
            scenario.recorder.lines("named"),
            [names, "env=ok:key", missing, missing]
        );
        assert_eq!(
            scenario.recorder.lines("nothing"),
            ["environment=ok", missing, missing, missing]
        );
    }
}
