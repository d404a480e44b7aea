//! Compiles a chat template so that nothing in it can run away.

use std::collections::BTreeMap;

use minijinja::Error;
use minijinja::machinery::{CodeGenerator, Instruction, Instructions, Token, parse, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::budget::refusal;
use super::operators;

/// The most tokens in one `{{ }}` or `{% %}`. The parser and the compiler go one call deeper
/// for each operator of a chain.
const MAX_TOKENS_IN_TAG: usize = 2_000;

/// A compiled template.
pub(super) struct Program<'source> {
    pub(super) instructions: Instructions<'source>,
    /// Bytes of the longest piece of plain text in it.
    pub(super) longest_text_bytes: usize,
}

impl<'source> Program<'source> {
    /// Compiles `source` and puts the charged operators in the place of the built-in ones.
    pub(super) fn compile(source: &'source str) -> Result<Self, Error> {
        let syntax = syntax()?;
        let longest_text_bytes = inspect(source, &syntax)?;
        let tree = parse(source, "chat template", syntax)?;
        let mut generator = CodeGenerator::new("chat template", source);
        generator.compile_stmt(&tree);
        let (mut instructions, blocks) = generator.finish();
        if !BTreeMap::is_empty(&blocks) {
            return Err(refusal("it uses blocks"));
        }
        let mut index = 0;
        while let Some(instruction) = instructions.get_mut(index) {
            if let Some(charged) = charged(instruction)? {
                *instruction = charged;
            }
            index += 1;
        }
        Ok(Self { instructions, longest_text_bytes })
    }
}

/// The whitespace rules that model authors write their templates for.
fn syntax() -> Result<SyntaxConfig, Error> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()
}

/// Refuses what would cost too much before the first instruction runs; returns the length of
/// the longest piece of plain text in bytes.
fn inspect(source: &str, syntax: &SyntaxConfig) -> Result<usize, Error> {
    let mut longest_text_bytes = 0;
    let mut tokens_in_tag = 0;
    for token in tokenize(source, false, syntax.clone()) {
        match token?.0 {
            Token::TemplateData(text) => {
                longest_text_bytes = longest_text_bytes.max(text.len());
                tokens_in_tag = 0;
            }
            Token::VariableStart | Token::BlockStart => tokens_in_tag = 0,
            // The compiler evaluates constant products such as `'a' * 100000000` itself.
            Token::Mul | Token::Pow => return Err(refusal("it multiplies")),
            _ => tokens_in_tag += 1,
        }
        if tokens_in_tag > MAX_TOKENS_IN_TAG {
            return Err(refusal("one of its expressions is too long"));
        }
    }
    Ok(longest_text_bytes)
}

/// The charged function that does what `instruction` does, where its cost depends on operands.
/// One for one, so that jump targets stay right.
fn charged<'source>(
    instruction: &Instruction<'source>,
) -> Result<Option<Instruction<'source>>, Error> {
    let (function, arguments) = match instruction {
        Instruction::Add => (operators::ADD, 2),
        Instruction::StringConcat => (operators::CONCAT, 2),
        Instruction::Eq => (operators::EQ, 2),
        Instruction::Ne => (operators::NE, 2),
        Instruction::Lt => (operators::LT, 2),
        Instruction::Lte => (operators::LTE, 2),
        Instruction::Gt => (operators::GT, 2),
        Instruction::Gte => (operators::GTE, 2),
        Instruction::In => (operators::IN, 2),
        Instruction::GetItem => (operators::ITEM, 2),
        Instruction::Slice => (operators::SLICE, 4),
        Instruction::BuildList(Some(length)) | Instruction::BuildTuple(Some(length)) => {
            (operators::LIST, *length)
        }
        Instruction::BuildMap(pairs) => (operators::MAP, pairs * 2),
        Instruction::Mul | Instruction::Pow => return Err(refusal("it multiplies")),
        Instruction::CompareAndPreserve(_) => return Err(refusal("it chains comparisons")),
        Instruction::Include(_) | Instruction::LoadBlocks | Instruction::CallBlock(_) => {
            return Err(refusal("it asks for another template"));
        }
        _ => return Ok(None),
    };
    let arguments =
        u16::try_from(arguments).map_err(|_too_many| refusal("one of its lists is too long"))?;
    Ok(Some(Instruction::CallFunction(function, Some(arguments))))
}
