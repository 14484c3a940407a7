//! What code may consist of before the compiler sees it, so that a few bytes cannot cost minutes: [`Bounds`], [`check`].
//!
//! Counts are bounded one by one, over everything that the code nests. The time that a compiler takes grows faster than the code in a few
//! known places: each loop may need a value for each local, each target of a jump table the values of its block. What a function may come
//! to in these ways is estimated from its instructions ([`Function::work`]), and the sum is bounded.
//!
//! This reads the bytes once, in time and space proportional to them, and trusts no count: the validator comes later.

use super::error::{CodeError, shown};
use wasmparser::{BlockType, FunctionBody, MemoryType, Operator, Parser, Payload, SectionLimited};

/// To be raised when what is compiled here is checked more strictly: code that was cached before is checked anew.
pub(super) const RULES: u32 = 1;

/// The largest code of each kind. Counts are sums over all modules and components of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    functions: u64,
    types: u64,
    /// Imports and exports.
    names: u64,
    globals: u64,
    memories: u64,
    tables: u64,
    /// Data and element segments.
    segments: u64,
    /// Modules, components, and instances of both.
    parts: u64,
    /// Components within components.
    depth: u64,
    /// Bytes of one function.
    function_bytes: u64,
    /// Locals of one function, parameters not counted.
    locals: u64,
    /// Blocks within blocks of one function.
    nesting: u64,
    /// What the compiler may have to do, in instructions; see [`Function::work`].
    work: u64,
}

impl Bounds {
    /// For the operator's own code: far beyond any real program, well within what the compiler survives.
    pub(crate) const OPERATOR: Bounds = Bounds {
        functions: 500_000,
        types: 200_000,
        names: 200_000,
        globals: 200_000,
        memories: 100,
        tables: 1_000,
        segments: 200_000,
        parts: 5_000,
        depth: 64,
        function_bytes: 7_654_321,
        locals: 50_000,
        nesting: 100_000,
        work: 2_000_000_000,
    };

    /// For code that a guest brings: what a large program of a common language has, several times over. Of work, compiled Rust has half an
    /// instruction for each byte; this is one for each byte of the largest code that may be brought.
    pub(crate) const GUEST: Bounds = Bounds {
        functions: 50_000,
        types: 10_000,
        names: 10_000,
        globals: 10_000,
        memories: 16,
        tables: 100,
        segments: 20_000,
        parts: 500,
        depth: 16,
        function_bytes: 1 << 20,
        locals: 10_000,
        nesting: 2_000,
        work: 16_000_000,
    };
}

/// Refuses code that is more than it may be.
pub(super) fn check(wasm: &[u8], bounds: &Bounds) -> Result<(), CodeError> {
    let mut census = Census {
        bounds,
        found: Bounds::NOTHING,
        depth: 0,
    };
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| unreadable(&error))?;
        census.count(payload)?;
    }
    Ok(())
}

fn unreadable(error: &wasmparser::BinaryReaderError) -> CodeError {
    CodeError::Invalid {
        cause: shown(&error.to_string()),
    }
}

impl Bounds {
    const NOTHING: Bounds = Bounds {
        functions: 0,
        types: 0,
        names: 0,
        globals: 0,
        memories: 0,
        tables: 0,
        segments: 0,
        parts: 0,
        depth: 0,
        function_bytes: 0,
        locals: 0,
        nesting: 0,
        work: 0,
    };
}

/// What was found so far.
struct Census<'a> {
    bounds: &'a Bounds,
    found: Bounds,
    depth: u64,
}

impl Census<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a parser's enum of some forty events; the others have no size of their own"
    )]
    fn count(&mut self, payload: Payload<'_>) -> Result<(), CodeError> {
        let (bounds, found) = (self.bounds, &mut self.found);
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.depth += 1;
                add("parts", &mut found.parts, 1, bounds.parts)?;
                within("levels of components", self.depth, bounds.depth)
            }
            Payload::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            Payload::InstanceSection(section) => {
                add("parts", &mut found.parts, section.count(), bounds.parts)
            }
            Payload::ComponentInstanceSection(section) => {
                add("parts", &mut found.parts, section.count(), bounds.parts)
            }
            Payload::TypeSection(section) => {
                add("types", &mut found.types, section.count(), bounds.types)
            }
            Payload::CoreTypeSection(section) => {
                add("types", &mut found.types, section.count(), bounds.types)
            }
            Payload::ComponentTypeSection(section) => {
                add("types", &mut found.types, section.count(), bounds.types)
            }
            Payload::ImportSection(section) => {
                add(NAMES, &mut found.names, section.count(), bounds.names)
            }
            Payload::ExportSection(section) => {
                add(NAMES, &mut found.names, section.count(), bounds.names)
            }
            Payload::ComponentImportSection(section) => {
                add(NAMES, &mut found.names, section.count(), bounds.names)
            }
            Payload::ComponentExportSection(section) => {
                add(NAMES, &mut found.names, section.count(), bounds.names)
            }
            Payload::ComponentAliasSection(section) => {
                add(NAMES, &mut found.names, section.count(), bounds.names)
            }
            Payload::FunctionSection(section) => {
                let n = section.count();
                add("functions", &mut found.functions, n, bounds.functions)
            }
            Payload::ComponentCanonicalSection(section) => {
                let n = section.count();
                add("functions", &mut found.functions, n, bounds.functions)
            }
            Payload::GlobalSection(section) => {
                let n = section.count();
                add("globals", &mut found.globals, n, bounds.globals)
            }
            Payload::MemorySection(section) => {
                let n = section.count();
                add("memories", &mut found.memories, n, bounds.memories)?;
                no_shared(section)
            }
            Payload::TableSection(section) => {
                add("tables", &mut found.tables, section.count(), bounds.tables)
            }
            Payload::DataSection(section) => add(
                SEGMENTS,
                &mut found.segments,
                section.count(),
                bounds.segments,
            ),
            Payload::ElementSection(section) => add(
                SEGMENTS,
                &mut found.segments,
                section.count(),
                bounds.segments,
            ),
            Payload::CodeSectionEntry(body) => self.function(&body),
            _ => Ok(()),
        }
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), CodeError> {
        let n_bytes = u64::try_from(body.as_bytes().len()).unwrap_or(u64::MAX);
        within("bytes in a function", n_bytes, self.bounds.function_bytes)?;
        let function = Function::read(body, self.bounds)?;
        let work = &mut self.found.work;
        *work = work.saturating_add(function.work());
        within(
            "instructions of work for the compiler",
            *work,
            self.bounds.work,
        )
    }
}

const NAMES: &str = "imports and exports";
const SEGMENTS: &str = "data and element segments";

/// Memories that threads share are for threads, of which a process has one. Wasmtime would say so at each start.
fn no_shared(memories: SectionLimited<'_, MemoryType>) -> Result<(), CodeError> {
    for memory in memories {
        if memory.map_err(|error| unreadable(&error))?.shared {
            return Err(CodeError::Invalid {
                cause: "it has a shared memory, and a process has one thread".to_owned(),
            });
        }
    }
    Ok(())
}

fn add(what: &'static str, found: &mut u64, more: u32, most: u64) -> Result<(), CodeError> {
    *found = found.saturating_add(u64::from(more));
    within(what, *found, most)
}

fn within(what: &'static str, found: u64, most: u64) -> Result<(), CodeError> {
    if found <= most {
        return Ok(());
    }
    Err(CodeError::TooMuch { what, found, most })
}

/// What one function consists of, as far as the compiler's time depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Function {
    instructions: u64,
    /// Locals and parameters that are used, at the most.
    locals: u64,
    /// Places where paths meet: a local may need a value of its own at each.
    joins: u64,
    /// Reads and writes of locals.
    uses: u64,
    /// Targets of jump tables.
    targets: u64,
    /// The most values that a block takes or gives.
    arity: u64,
}

impl Function {
    fn read(body: &FunctionBody<'_>, bounds: &Bounds) -> Result<Function, CodeError> {
        let mut function = Function::default();
        let mut n_locals = 0_u64;
        let locals = body
            .get_locals_reader()
            .map_err(|error| unreadable(&error))?;
        for local in locals {
            let (n, _) = local.map_err(|error| unreadable(&error))?;
            n_locals = n_locals.saturating_add(u64::from(n));
            within("locals in a function", n_locals, bounds.locals)?;
        }
        let mut nesting = 0_u64;
        let operators = body
            .get_operators_reader()
            .map_err(|error| unreadable(&error))?;
        for operator in operators {
            let operator = operator.map_err(|error| unreadable(&error))?;
            function.count(&operator, &mut nesting);
            within("blocks within blocks", nesting, bounds.nesting)?;
        }
        Ok(function)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "some six hundred instructions, of which these shape a function"
    )]
    fn count(&mut self, operator: &Operator<'_>, nesting: &mut u64) {
        self.instructions += 1;
        match operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                *nesting += 1;
                self.joins += 1;
                self.arity = self.arity.max(arity(*blockty));
            }
            Operator::TryTable { try_table } => {
                *nesting += 1;
                self.joins += 1;
                self.targets += u64::try_from(try_table.catches.len()).unwrap_or(u64::MAX);
                self.arity = self.arity.max(arity(try_table.ty));
            }
            Operator::End => *nesting = nesting.saturating_sub(1),
            Operator::BrTable { targets } => self.targets += u64::from(targets.len()),
            Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } => {
                self.uses += 1;
                self.locals = self.locals.max(u64::from(*local_index) + 1);
            }
            _ => {}
        }
    }

    /// How many instructions the compiler may have to deal with, by estimate: those that are there, one for each local that is used at
    /// each place where paths meet, and one for each value at each target of a jump table.
    fn work(self) -> u64 {
        let values = self.locals.min(self.uses).saturating_mul(self.joins);
        let jumps = self.targets.saturating_mul(self.arity.saturating_add(1));
        self.instructions
            .saturating_add(values)
            .saturating_add(jumps)
    }
}

/// The values of a block. A block of a type from the type section counts as the most that a type may have.
fn arity(block: BlockType) -> u64 {
    match block {
        BlockType::Empty => 0,
        BlockType::Type(_) => 1,
        BlockType::FuncType(_) => 1_000,
    }
}

#[cfg(test)]
mod tests;
