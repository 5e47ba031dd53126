import { mutantTests } from './mutant-tests.ts'
import { OF_LIFECYCLE } from './of-lifecycle.ts'

mutantTests(OF_LIFECYCLE)
