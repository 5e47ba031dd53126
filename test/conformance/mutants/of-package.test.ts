import { mutantTests } from './mutant-tests.ts'
import { OF_PACKAGE } from './of-package.ts'

mutantTests(OF_PACKAGE)
