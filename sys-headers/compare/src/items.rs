// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! What bindings say: functions, variables, types with their layout, constants.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use quote::ToTokens;
use syn::{Expr, Fields, ForeignItem, Item, Lit};

/// By name, what is said of each; a structure's name is `struct s`, a field's `s.field`.
pub type Items = BTreeMap<String, String>;

/// Reads bindings.
pub fn read(path: &Path) -> Result<Items> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    parse(&text)
}

fn parse(text: &str) -> Result<Items> {
    let mut items = Items::new();
    for item in syn::parse_file(text)?.items {
        match item {
            Item::ForeignMod(foreign) => foreign.items.iter().for_each(|item| {
                foreign_item(item, &mut items);
            }),
            Item::Type(alias) => say(&mut items, plain(&alias.ident), &alias.ty),
            Item::Struct(found) => fields(&found.ident, &found.fields, &mut items),
            Item::Union(found) => {
                fields(&found.ident, &Fields::Named(found.fields), &mut items);
            }
            Item::Const(found) if found.ident == "_" => layout(&found.expr, &mut items),
            Item::Const(found) => say(&mut items, plain(&found.ident), &found.expr),
            _ => {}
        }
    }
    Ok(items)
}

fn say(items: &mut Items, name: String, what: impl ToTokens) {
    // Where a list is broken into lines, a comma ends it.
    let what = what.to_token_stream().to_string().replace(" ,)", ")");
    let said = items.entry(name).or_default();
    if !said.is_empty() {
        said.push_str(", ");
    }
    said.push_str(&what);
}

/// A name as C has it: bindgen puts a sign behind what Rust reserves, or once did.
fn plain(name: &impl ToString) -> String {
    let name = name.to_string();
    match name.strip_suffix('_') {
        Some("proc") => "proc".into(),
        Some(short) if syn::parse_str::<syn::Ident>(short).is_err() => short.into(),
        _ => name,
    }
}

/// A structure may have the name of a function.
fn structure_name(name: &impl ToString) -> String {
    format!("struct {}", plain(name))
}

fn foreign_item(item: &ForeignItem, items: &mut Items) {
    match item {
        ForeignItem::Fn(function) => {
            let renamed = function.attrs.iter().filter(|attr| attr.path().is_ident("link_name"));
            let name = plain(&function.sig.ident);
            let mut signature = function.sig.clone();
            // The names of arguments are no part of a contract, nor are they always there.
            for (at, argument) in signature.inputs.iter_mut().enumerate() {
                if let syn::FnArg::Typed(typed) = argument {
                    let ident = quote::format_ident!("arg{}", at + 1);
                    *typed.pat = syn::parse_quote!(#ident);
                }
            }
            for attribute in renamed {
                say(items, name.clone(), attribute);
            }
            say(items, name, signature);
        }
        ForeignItem::Static(variable) => say(items, plain(&variable.ident), &variable.ty),
        _ => {}
    }
}

fn fields(structure: &syn::Ident, fields: &Fields, items: &mut Items) {
    items.entry(structure_name(structure)).or_default();
    let structure = plain(structure);
    for field in fields {
        let name = field.ident.as_ref().map(plain).unwrap_or_default();
        say(items, format!("{structure}.{name}"), &field.ty);
    }
}

/// bindgen's assertions: `["Size of s"][size_of::<s>() - 8usize]`, and likewise the alignment and
/// the offset of each field.
fn layout(block: &Expr, items: &mut Items) {
    let Expr::Block(block) = block else { return };
    for statement in &block.block.stmts {
        let syn::Stmt::Expr(Expr::Index(index), _) = statement else { continue };
        let (Expr::Array(label), Expr::Binary(difference)) = (&*index.expr, &*index.index) else {
            continue;
        };
        let (Some(Expr::Lit(label)), Expr::Lit(number)) = (label.elems.first(), &*difference.right)
        else {
            continue;
        };
        let (Lit::Str(label), Lit::Int(number)) = (&label.lit, &number.lit) else { continue };
        let label = label.value();
        let number = number.base10_digits();
        if let Some(name) = label.strip_prefix("Size of ") {
            say_word(items, structure_name(&name), &format!("{number} bytes"));
        } else if let Some(name) = label.strip_prefix("Alignment of ") {
            say_word(items, structure_name(&name), &format!("aligned to {number}"));
        } else if let Some((structure, field)) =
            label.strip_prefix("Offset of field: ").and_then(|name| name.split_once("::"))
        {
            let name = format!("{}.{}", plain(&structure), plain(&field));
            say_word(items, name, &format!("at {number}"));
        }
    }
}

fn say_word(items: &mut Items, name: String, what: &str) {
    let said = items.entry(name).or_default();
    if !said.is_empty() {
        said.push_str(", ");
    }
    said.push_str(what);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_bindings_say_is_read() {
        let items = parse(
            "pub const MAX: u32 = 16; pub type kind = core::ffi::c_int;
            pub struct proc_ { pub p_pid: pid_t, pub type_: u8 }
            const _: () = { [\"Size of proc_\"][size_of::<proc_>() - 8usize];
                [\"Alignment of proc_\"][align_of::<proc_>() - 4usize];
                [\"Offset of field: proc_::p_pid\"][offset_of!(proc_, p_pid) - 4usize]; };
            unsafe extern \"C\" { pub fn long(\n a: u8,\n); pub static hz: core::ffi::c_int;
                #[link_name = \"__f50\"] pub fn f(p: *mut proc_, ...) -> u8; }",
        )
        .unwrap();
        let said: Vec<_> = items.iter().map(|(name, what)| format!("{name}: {what}")).collect();
        let wanted = [
            "MAX: 16",
            "f: # [link_name = \"__f50\"], fn f (arg1 : * mut proc_ , ...) -> u8",
            "hz: core :: ffi :: c_int",
            "kind: core :: ffi :: c_int",
            "long: fn long (arg1 : u8)",
            "proc.p_pid: pid_t, at 4",
            "proc.type: u8",
            "struct proc: 8 bytes, aligned to 4",
        ];
        assert_eq!(said, wanted);
    }
}
