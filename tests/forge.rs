//! Forges guests: components and core modules, written in the text format, that call any import as nobody's compiler would.
//!
//! A component is a core module (the body) plus the WIT it was made for; the WIT of WASI is the one that Wasmtime
//! itself ships, so the functions walked here are the functions that are linked.

use crate::tidy::root;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, FunctionKind, Resolve, WorldId, WorldItem};

/// The two versions of WASI that components may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wasi {
    V02,
    V03,
}

/// The drafts of `wasi:keyvalue`, which components of either may import.
const KEYVALUE: [&str; 2] = ["0.2.0-draft", "0.2.0-draft2"];

/// A function that a component can import.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    /// With its version.
    pub(crate) interface: String,
    pub(crate) name: String,
    /// The resource whose method it is: it can only be called with a handle of one.
    pub(crate) method_of: Option<String>,
    /// Its core parameters.
    pub(crate) params: Vec<WasmType>,
    result: Option<WasmType>,
}

impl Imported {
    /// Without its version.
    pub(crate) fn interface_name(&self) -> &str {
        self.interface
            .split_once('@')
            .map_or(&*self.interface, |(name, _)| name)
    }

    /// The text of the import, called `$it`.
    pub(crate) fn import(&self) -> String {
        self.import_as("it")
    }

    /// The text of the import, called by this name.
    pub(crate) fn import_as(&self, called: &str) -> String {
        let params: Vec<_> = self.params.iter().map(|param| word(*param)).collect();
        let result = self
            .result
            .map_or(String::new(), |result| format!("(result {})", word(result)));
        let (interface, name, params) = (&self.interface, &self.name, params.join(" "));
        format!(r#"(import "{interface}" "{name}" (func ${called} (param {params}) {result}))"#)
    }

    /// A call with this number for every parameter; the result is dropped.
    pub(crate) fn call_with(&self, number: i64) -> String {
        let argument = |param: &WasmType| match param {
            WasmType::I32 | WasmType::Pointer | WasmType::Length => {
                format!("(i32.const {})", number.cast_unsigned() & 0xffff_ffff)
            }
            WasmType::I64 | WasmType::PointerOrI64 => format!("(i64.const {number})"),
            WasmType::F32 => "(f32.const 0)".to_owned(),
            WasmType::F64 => "(f64.const 0)".to_owned(),
        };
        let arguments: String = self.params.iter().map(argument).collect();
        let dropped = if self.result.is_some() { "(drop)" } else { "" };
        format!("(call $it {arguments}) {dropped}")
    }
}

fn word(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

/// Everything that a component of one version can import, and how it is made.
pub(crate) struct Interfaces {
    resolve: Resolve,
    world: WorldId,
    run: &'static str,
}

impl Interfaces {
    pub(crate) fn of(wasi: Wasi) -> &'static Self {
        static V02: OnceLock<Interfaces> = OnceLock::new();
        static V03: OnceLock<Interfaces> = OnceLock::new();
        match wasi {
            Wasi::V02 => V02.get_or_init(|| Self::beside(wasi, "", "")),
            Wasi::V03 => V03.get_or_init(|| Self::beside(wasi, "", "")),
        }
    }

    /// The same with packages of somebody else's, and what of them is imported, both as WIT.
    pub(crate) fn beside(wasi: Wasi, packages: &str, imports: &str) -> Self {
        Self::made(wasi, packages, imports, |keyvalue| keyvalue)
    }

    /// WASI 0.2 with other copies of the drafts of `wasi:keyvalue` than the node's own, of which `copied` makes them.
    pub(crate) fn with_keyvalue(copied: impl Fn(String) -> String) -> Self {
        Self::made(Wasi::V02, "", "", copied)
    }

    fn made(
        wasi: Wasi,
        packages: &str,
        imports: &str,
        keyvalue: impl Fn(String) -> String,
    ) -> Self {
        let (folder, version, run) = match wasi {
            Wasi::V02 => ("p2", "0.2.12", "wasi:cli/run@0.2.12#run"),
            Wasi::V03 => ("p3", "0.3.0", "wasi:cli/run@0.3.0#run"),
        };
        // Where the WIT of HTTP lies, and the interface that sends requests.
        let (http, sending) = match wasi {
            Wasi::V02 => ("wit", "outgoing-handler"),
            Wasi::V03 => ("src/p3/wit", "client"),
        };
        let mut resolve = Resolve {
            all_features: true,
            ..Resolve::default()
        };
        resolve
            .push_dir(
                sources_of("wasmtime-wasi")
                    .join("src")
                    .join(folder)
                    .join("wit"),
            )
            .expect("Wasmtime's WIT is well formed");
        resolve
            .push_path(
                sources_of("wasmtime-wasi-http")
                    .join(http)
                    .join("deps/http.wit"),
            )
            .expect("it builds on the WIT above");
        resolve
            .push_path(root().join("crates/rusm-abi/wit"))
            .expect("rusm's WIT is well formed");
        for draft in KEYVALUE {
            let name = format!("keyvalue-{draft}.wit");
            let file = root().join("crates/rusm-core/wit").join(&name);
            let text = std::fs::read_to_string(&file).expect("it is part of the project");
            resolve
                .push_str(&name, &keyvalue(text))
                .expect("the WIT of wasi:keyvalue is well formed");
        }
        let [first, second] = KEYVALUE;
        let world = format!(
            "package test:forged;
            {packages}
            world forged {{
                include wasi:cli/imports@{version};
                import wasi:http/{sending}@{version};
                include rusm:actor/actor@0.1.0;
                include wasi:keyvalue/imports@{first};
                include wasi:keyvalue/imports@{second};
                {imports}
                export wasi:cli/run@{version};
            }}"
        );
        let package = resolve
            .push_str("forged.wit", &world)
            .expect("the world above is well formed");
        let world = resolve
            .select_world(&[package], Some("forged"))
            .expect("it is in the package");
        Self {
            resolve,
            world,
            run,
        }
    }

    /// Every function of every interface.
    #[expect(
        clippy::indexing_slicing,
        reason = "an id is an index into what gave it"
    )]
    pub(crate) fn functions(&self) -> Vec<Imported> {
        let imports = self.resolve.worlds[self.world].imports.values();
        let interfaces = imports.filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            WorldItem::Function(_) | WorldItem::Type { .. } => None,
        });
        let functions = interfaces.flat_map(|interface| {
            let name = self.resolve.id_of(interface).expect("it lies in a package");
            let functions = self.resolve.interfaces[interface].functions.values();
            functions.map(move |function| self.imported(&name, function))
        });
        functions.collect()
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "an id is an index into what gave it"
    )]
    fn imported(&self, interface: &str, function: &Function) -> Imported {
        let method_of = match function.kind {
            FunctionKind::Method(resource) | FunctionKind::AsyncMethod(resource) => {
                self.resolve.types[resource].name.clone()
            }
            FunctionKind::Freestanding
            | FunctionKind::AsyncFreestanding
            | FunctionKind::Static(_)
            | FunctionKind::AsyncStatic(_)
            | FunctionKind::Constructor(_) => None,
        };
        let signature = self
            .resolve
            .wasm_signature(AbiVariant::GuestImport, function);
        Imported {
            interface: interface.to_owned(),
            name: function.name.clone(),
            method_of,
            params: signature.params,
            result: signature.results.first().copied(),
        }
    }

    /// A component that imports what `items` says and runs `body`, which may use the local `$n`.
    ///
    /// It has one page of memory; what the host hands over is put at 32768.
    pub(crate) fn component(&self, items: &str, body: &str) -> Vec<u8> {
        self.component_with(items, "(i32.const 32768)", body)
    }

    /// The same, where `realloc` says where the host is to put something: of its old place and size, its alignment and
    /// its new size.
    pub(crate) fn component_with(&self, items: &str, realloc: &str, body: &str) -> Vec<u8> {
        let (run, check) = (self.run, CHECK);
        let wat = format!(
            r#"(module {items} (memory (export "memory") 1) {check}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export "{run}") (result i32) (local $n i32) {body} (i32.const 0)))"#
        );
        let mut module = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
        embed_component_metadata(&mut module, &self.resolve, self.world, StringEncoding::UTF8)
            .expect("the world can be encoded");
        let mut encoder = ComponentEncoder::default();
        encoder
            .module(&module)
            .and_then(ComponentEncoder::encode)
            .unwrap_or_else(|error| panic!("{error:?}\n{wat}"))
    }
}

/// Ends the guest unless its parameter is true: so a forged guest that ends normally has seen what it expected.
const CHECK: &str = "(func $check (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))";

/// A core module that imports what `items` says, has one page of memory, and runs `body`.
pub(crate) fn module(items: &str, body: &str) -> Vec<u8> {
    let wat = module_text(items, body);
    wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

/// The same as text.
pub(crate) fn module_text(items: &str, body: &str) -> String {
    format!(
        r#"(module {items} (memory (export "memory") 1) {CHECK} (func (export "_start") (local $n i32) {body}))"#
    )
}

/// Where the sources of a package that the project depends on lie.
fn sources_of(package: &str) -> PathBuf {
    // Packages of other platforms need not be on this machine.
    let host = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()
        .expect("rustc runs");
    let host = String::from_utf8(host.stdout).expect("it is a word");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--locked",
            "--filter-platform",
            host.trim(),
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo speaks JSON");
    let packages = metadata
        .get("packages")
        .and_then(serde_json::Value::as_array);
    let text =
        |package: &serde_json::Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    let manifest = packages
        .into_iter()
        .flatten()
        .find(|found| text(found, "name").as_deref() == Some(package))
        .and_then(|package| text(package, "manifest_path"))
        .expect("rusm-core depends on it");
    let folder = Path::new(&manifest).parent();
    folder.expect("it lies in a folder").to_path_buf()
}
