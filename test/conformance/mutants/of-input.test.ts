import { mutantTests } from './mutant-tests.ts'
import { OF_INPUT } from './of-input.ts'

mutantTests(OF_INPUT)
