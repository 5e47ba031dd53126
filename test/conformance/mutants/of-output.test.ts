import { mutantTests } from './mutant-tests.ts'
import { OF_OUTPUT } from './of-output.ts'

mutantTests(OF_OUTPUT)
