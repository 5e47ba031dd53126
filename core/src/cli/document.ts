import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { documentedFiles } from '../authoring/documented.ts'
import { reasonOf } from '../errors.ts'

/** Adds `smart-gateway document`. */
export function addDocumentCommand(program: Command): void {
  program
    .command('document')
    .description("write a plugin's schema files and the tables in its README from its code")
    .argument('[folder]', 'the folder with its package.json', '.')
    .option('--check', 'write nothing; exit with 1 where something is old')
    .action(document)
}

async function document(folder: string, { check = false }: { check?: boolean }): Promise<void> {
  try {
    const old = (await documentedFiles(resolve(folder))).filter(({ found, text }) => found !== text)
    for (const { file, text } of check ? [] : old) writeFileSync(join(folder, file), text)
    const names = old.map(({ file }) => file).join(', ')
    if (old.length === 0) process.stdout.write('the README and the schema files say what the code says\n')
    else if (check) throw new Error(`${names} do not say what the code says: run smart-gateway document`)
    else process.stdout.write(`written: ${names}\n`)
  } catch (error) {
    process.stderr.write(`smart-gateway: ${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}
