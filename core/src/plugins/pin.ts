/** That an instance runs other code than what is installed, as long as that is what it was then. */
export interface Pin {
  /** The plugin as startup.yaml named it. */
  readonly plugin: string
  /** Of the folder that the code lies in. */
  readonly number: number
  /** The content of what was installed then; undefined when nothing was. */
  readonly installed?: string | undefined
}
