import { mutantTests } from './mutant-tests.ts'
import { OF_TRANSPORT } from './of-transport.ts'

mutantTests(OF_TRANSPORT)
