import { readFileSync } from 'node:fs'

/** The licences whose text is here, `none` for a plugin that nobody else may use. */
export const LICENSES = ['Apache-2.0', 'MIT', 'none'] as const
export type License = (typeof LICENSES)[number]

/** Checks what a flag said. Throws an Error with one sentence where it is none of them. */
export function licenseOf(given: string): License {
  const known = LICENSES.find((one) => one.toLowerCase() === given.toLowerCase())
  if (known !== undefined) return known
  throw new Error(
    `there is no text of the licence "${given}" here: take one of ${LICENSES.join(', ')} and change LICENSE and package.json later`,
  )
}

/** What package.json says of it. */
export function licenseField(license: License): string {
  return license === 'none' ? 'UNLICENSED' : license
}

/** The text for the file LICENSE, or undefined where there is none. */
export function licenseText(license: License, packageName: string): string | undefined {
  if (license === 'none') return undefined
  // This package has the same licence as its default.
  if (license === 'Apache-2.0') return readFileSync(new URL('../LICENSE', import.meta.url), 'utf8')
  return MIT.replace('HOLDER', `${new Date().getFullYear()} the authors of ${packageName}`)
}

const MIT = `MIT License

Copyright (c) HOLDER

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`
