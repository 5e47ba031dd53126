import { mutantTests } from './mutant-tests.ts'
import { OF_FILTER } from './of-filter.ts'

mutantTests(OF_FILTER)
