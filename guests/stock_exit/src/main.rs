//! A plain WASI command that ends with the exit code in its argument.
//!
//! On preview 2 the standard library knows only success and failure. This program says the code by
//! `exit-with-code`, an import that WASI 0.2 has besides, and which a host need not offer; hence a program of its own.

fn main() {
    let code = std::env::args().nth(1).and_then(|code| code.parse().ok());
    exit(code.expect("the argument is an exit code"));
}

#[cfg(not(all(target_arch = "wasm32", target_env = "p2")))]
fn exit(code: u8) {
    std::process::exit(code.into())
}

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
fn exit(code: u8) {
    bindings::wasi::cli::exit::exit_with_code(code);
}

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package rusm:stock;
            world exit {
                import wasi:cli/exit@0.2.6;
            }
            package wasi:cli@0.2.6 {
                interface exit {
                    exit: func(status: result);
                    exit-with-code: func(status-code: u8);
                }
            }
        ",
        generate_all,
    });
}
