//! tmp
use crate::forge::{Interfaces, Wasi};

#[test]
fn tmp_list() {
    for wasi in [Wasi::V02, Wasi::V03] {
        for function in Interfaces::of(wasi).functions() {
            if function.method_of.is_none() { eprintln!("{} {} {:?}", function.interface_name(), function.name, function.params); }
        }
    }
}
