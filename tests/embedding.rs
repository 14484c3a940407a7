//! What an embedding program adds: host functions, decision functions, presets; and that none of it widens a profile.

mod decisions;
mod host_functions;
mod refusals;

use crate::forge::{Interfaces, Wasi, module};
use crate::support::GuestPath;
use crate::trial::{Court, nothing};
use rusm_caps::{Decision, HostFunctionGrant, Profile};
use rusm_core::{
    CoreType, CoreValue, HostCaller, HostFunction, HostFunctionError, HostInterface, RawCall,
    RawFunction, RuntimeBuilder,
};
use std::sync::OnceLock;

/// The interface of the bank, which is the embedding program here.
const CHARGE: &str = "acme:billing/charge@1.2.0";

/// Its functions, as components see them.
const WIT: &str = "package acme:billing@1.2.0 { interface charge {
    pay: func(account: string, cents: u64) -> result<u64, string>;
    refund: func(account: string, cents: u64) -> result<u64, string>;
} }";

/// The same functions as core modules import them, which is how a component's core module does.
const IMPORTS: &str = r#"
    (import "acme:billing/charge@1.2.0" "pay" (func $pay (param i32 i32 i64 i32)))
    (import "acme:billing/charge@1.2.0" "refund" (func $refund (param i32 i32 i64 i32)))
    (data (i32.const 16) "alice")"#;

/// A guest of the bank; it has `$pay` and `$refund`, and `alice` (5) at 16.
fn customer(path: GuestPath, items: &str, body: &str) -> Vec<u8> {
    let items = format!("{IMPORTS} {items}");
    match path {
        GuestPath::Core => module(&items, body),
        GuestPath::Component => bank_wit().component(&items, body),
    }
}

fn bank_wit() -> &'static Interfaces {
    static BANK: OnceLock<Interfaces> = OnceLock::new();
    BANK.get_or_init(|| Interfaces::beside(Wasi::V02, WIT, &format!("import {CHARGE};")))
}

/// A deal about an account, done in Rust.
type Deal = fn(&HostCaller, String, u64) -> Result<Result<u64, String>, HostFunctionError>;

/// One function for both kinds of guests.
fn both(interface: HostInterface, name: &str, deal: Deal) -> HostInterface {
    interface
        .function(
            name,
            HostFunction::new(move |caller, (account, cents): (String, u64)| {
                Ok((deal(caller, account, cents)?,))
            }),
        )
        .raw_function(
            name,
            RawFunction::new(PARAMS, [], move |call, args| raw(call, args, deal)),
        )
}

const PARAMS: [CoreType; 4] = [CoreType::I32, CoreType::I32, CoreType::I64, CoreType::I32];

/// The same over numbers: an account by pointer and length, cents, and where the result goes.
fn raw(
    call: &mut RawCall<'_>,
    args: &[CoreValue],
    deal: Deal,
) -> Result<Vec<CoreValue>, HostFunctionError> {
    let &[
        CoreValue::I32(account),
        CoreValue::I32(length),
        CoreValue::I64(cents),
        CoreValue::I32(result),
    ] = args
    else {
        return Err(HostFunctionError::new(
            "these are not the arguments that were linked",
        ));
    };
    let account = call.read_text(account, length)?;
    let outcome = deal(call.caller(), account, cents.cast_unsigned())?;
    let (case, value) = outcome.map_or((1, 0), |value| (0, value));
    call.write(result, &[case])?;
    call.write(result.wrapping_add(8), &value.to_le_bytes())?;
    Ok(Vec::new())
}

/// The bank's interface, without functions yet.
fn charge() -> HostInterface {
    HostInterface::new(CHARGE).expect("it is a name")
}

/// A decision function's answer.
fn refuse_if(refused: bool, reason: &str) -> Decision {
    if refused {
        Decision::deny(reason)
    } else {
        Decision::Allow
    }
}

/// Whoever pays is told the sum and a hundred; whoever wants it back is told why not.
fn bank() -> HostInterface {
    let interface = both(charge(), "pay", |caller, account, cents| {
        assert_eq!((&*account, caller.component()), ("alice", "customer"));
        Ok(Ok(cents + 100))
    });
    both(interface, "refund", |_, _, _| Ok(Err("no".to_owned())))
}

/// A node of the bank's.
fn court(set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Court {
    Court {
        scenario: crate::support::Scenario::with(set_up),
    }
}

/// A profile with these host functions and nothing else.
fn granted(names: &[&str]) -> Profile {
    let names = names.iter().map(|name| name.parse().expect("it is a name"));
    nothing()
        .to_builder("customer")
        .host_functions(HostFunctionGrant::listed(names))
        .build()
        .expect("it can be honoured")
}

/// Pays 250, and checks that this was answered with 350.
const PAYS: &str = "
    (call $pay (i32.const 16) (i32.const 5) (i64.const 250) (i32.const 64))
    (call $check (i32.eqz (i32.load8_u (i32.const 64))))
    (call $check (i64.eq (i64.load (i32.const 72)) (i64.const 350)))";

/// Asks for money back, and checks that this was answered with an error.
const REFUNDS: &str = "
    (call $refund (i32.const 16) (i32.const 5) (i64.const 250) (i32.const 64))
    (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))";

/// A guest of the bank that imports `pay` alone.
fn only_pay(path: GuestPath, body: &str) -> Vec<u8> {
    let items = r#"
    (import "acme:billing/charge@1.2.0" "pay" (func $pay (param i32 i32 i64 i32)))
    (data (i32.const 16) "alice")"#;
    match path {
        GuestPath::Core => module(items, body),
        GuestPath::Component => bank_wit().component(items, body),
    }
}
