import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whether a package says how it is built. */
export function isBuilt(folder: string): boolean {
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>
  }
  return scripts['build'] !== undefined
}

/** Runs the build script of a package. Resolves with what it complains of, or nothing. */
export async function build(folder: string): Promise<string | undefined> {
  const child = spawn('npm', ['run', '--silent', 'build'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void (said += text))
  const code = await new Promise<unknown>((done) => child.once('error', done).once('close', done))
  return code === 0 ? undefined : said.trim() || `npm run build fails: ${String(code)}`
}
